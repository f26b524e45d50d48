// What the user looks at and whether they are there, over all tabs; told to the
// server by the tab that leads.

import type { Api } from "../api/calls";
import type { PresenceState, WatchedRoom } from "../domain/types";

/** Without any input for this long the user counts as away. */
const IDLE_MS = 5 * 60_000;
/** How often tabs tell each other of input. */
const ACTIVITY_INTERVAL_MS = 30_000;
/** As many rooms as the server lets a stream watch. */
const MAX_WATCHED_ROOMS = 20;
/** A word about rooms that was lost is said again after this. */
const WATCH_RETRY_MS = 5_000;
/** A tab that has not said what it looks at for so long is gone; the timers of a hidden one come once a minute. */
const TAB_EXPIRY_MS = 5 * 60_000;
/** Reasons to ask how rooms are that come within this time are one. */
const DEBOUNCE_MS = 500;

export interface PresenceReporterParts {
  /** This tab. */
  readonly ownTab: string;
  readonly api: Pick<Api, "watchRooms" | "choosePresence" | "setIdle">;
  readonly onWatched: (rooms: WatchedRoom[]) => void;
  /** Whether the stream tells of a room: the server lets nobody watch another one, nor any with it. */
  readonly isSubscribed: (roomId: string) => boolean;
}

export class PresenceReporter {
  readonly #ownTab: string;
  readonly #api: PresenceReporterParts["api"];
  readonly #onWatched: (rooms: WatchedRoom[]) => void;
  readonly #isSubscribed: (roomId: string) => boolean;
  readonly #rooms = new Map<string, string[]>();
  /** When tabs said what they look at. */
  readonly #reportedAt = new Map<string, number>();
  #connectionId = "";
  #watching = "";
  #activeAt = Date.now();
  #idle = false;
  /** What the user chose and the server has not yet taken. */
  #pendingChoice: PresenceState | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;

  constructor({ ownTab, api, onWatched, isSubscribed }: PresenceReporterParts) {
    this.#ownTab = ownTab;
    this.#api = api;
    this.#onWatched = onWatched;
    this.#isSubscribed = isSubscribed;
  }

  rooms(tab: string): string[] {
    return this.#rooms.get(tab) ?? [];
  }

  watch(tab: string, roomIds: string[]): void {
    this.#reportedAt.set(tab, Date.now());
    for (const it of this.#rooms.keys()) {
      if (it !== this.#ownTab && Date.now() - (this.#reportedAt.get(it) ?? 0) > TAB_EXPIRY_MS) this.#rooms.delete(it);
    }
    // What is said again tells nothing. To ask the server anew would be answered to all tabs.
    const isRepeat = roomIds.join() === this.rooms(tab).join();
    if (roomIds.length) this.#rooms.set(tab, roomIds);
    else this.#rooms.delete(tab);
    // Another tab has yet to hear how its rooms are, even if they are watched.
    if (!isRepeat && tab !== this.#ownTab && roomIds.length) this.#watching = "";
    void this.#watchRooms();
  }

  /** A tab knows nothing any more: whatever it says next is new. */
  forgetTab(tab: string): void {
    this.#rooms.delete(tab);
  }

  /** This tab begins to lead: the others say anew what they look at, as far as they are still there. */
  forgetOthers(): void {
    for (const tab of [...this.#rooms.keys()]) if (tab !== this.#ownTab) this.#rooms.delete(tab);
  }

  /** There is another room, or one less. */
  onRoomsChanged(): void {
    void this.#watchRooms();
  }

  /** What is known of the rooms may be wrong. */
  refreshRooms(): void {
    if (this.#retryTimer === undefined) this.#watchIn(DEBOUNCE_MS);
  }

  /** Input, here or in another tab. Returns whether the others should hear of it. */
  recordActivity(at: number): boolean {
    const isDue = at - this.#activeAt > ACTIVITY_INTERVAL_MS || this.#idle;
    if (!isDue) return false;
    this.#activeAt = at;
    if (this.#idle) this.#reportIdle(false);
    this.#startIdleTimer();
    return true;
  }

  /** How the user wants to be seen. It stays with the server; until it is there, it is said again. */
  choose(choice: PresenceState): void {
    this.#pendingChoice = choice;
    this.#reportChoice();
  }

  /** A stream is open; of a new one the server thinks that it is in use. */
  onOpen(connectionId: string): void {
    this.#connectionId = connectionId;
    this.#watching = "";
    void this.#watchRooms();
    this.#reportChoice();
    if (this.#idle) this.#reportIdle(true);
    this.#startIdleTimer();
  }

  onDisconnect(): void {
    this.#connectionId = "";
  }

  stop(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#retryTimer);
  }

  #startIdleTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (Date.now() - this.#activeAt >= IDLE_MS - ACTIVITY_INTERVAL_MS) this.#reportIdle(true);
    }, IDLE_MS);
  }

  #reportIdle(idle: boolean): void {
    this.#idle = idle;
    // If it is lost the stream is, and the next one hears it.
    if (this.#connectionId) this.#api.setIdle(this.#connectionId, idle).catch(() => undefined);
  }

  #reportChoice(): void {
    const choice = this.#pendingChoice;
    if (!choice || !this.#connectionId) return;
    const onAcknowledged = () => this.#pendingChoice === choice && (this.#pendingChoice = undefined);
    this.#api.choosePresence(this.#connectionId, choice).then(onAcknowledged, () => undefined);
  }

  async #watchRooms(): Promise<void> {
    if (!this.#connectionId) return;
    // One of each tab's in turn, of this one's first: each has the room on its screen at the front.
    const lists = [this.rooms(this.#ownTab), ...this.#rooms.values()].map((rooms) => rooms.filter(this.#isSubscribed));
    const all = Array.from({ length: MAX_WATCHED_ROOMS }, (_, i) => lists.flatMap((rooms) => rooms[i] ?? [])).flat();
    const roomIds = [...new Set(all)].slice(0, MAX_WATCHED_ROOMS);
    const watching = roomIds.join();
    if (watching === this.#watching) return;
    this.#watching = watching;
    try {
      this.#onWatched(await this.#api.watchRooms(this.#connectionId, roomIds));
    } catch {
      // A room was left, or the stream is gone.
      this.#watchIn(WATCH_RETRY_MS);
    }
  }

  #watchIn(ms: number): void {
    clearTimeout(this.#retryTimer);
    this.#retryTimer = setTimeout(() => {
      this.#retryTimer = undefined;
      this.#watching = "";
      void this.#watchRooms();
    }, ms);
  }
}
