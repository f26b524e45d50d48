// Reports to the server which rooms the user watches and whether they are active, over
// all tabs. Only the leader reports.

import type { Api } from "../api/calls";
import type { PresenceState, WatchedRoom } from "../domain/types";

/** Without any input for this long the user counts as away. */
const IDLE_MS = 5 * 60_000;
/** How often tabs report input to each other. */
const ACTIVITY_INTERVAL_MS = 30_000;
/** As many rooms as the server lets a stream watch. */
const MAX_WATCHED_ROOMS = 20;
/** A failed WatchRooms call is repeated after this. */
const WATCH_RETRY_MS = 5_000;
/** A tab that has not reported its rooms for so long is gone. Timers of hidden tabs run once a minute. */
const TAB_EXPIRY_MS = 5 * 60_000;
/** Requests to refresh rooms within this time are made once. */
const DEBOUNCE_MS = 500;

export interface PresenceReporterParts {
  /** This tab. */
  readonly ownTab: string;
  readonly api: Pick<Api, "watchRooms" | "choosePresence" | "setIdle">;
  readonly onWatched: (rooms: WatchedRoom[]) => void;
  /** Whether the stream includes a room. The server refuses the whole call if one room is not included. */
  readonly isSubscribed: (roomId: string) => boolean;
}

export class PresenceReporter {
  readonly #ownTab: string;
  readonly #api: PresenceReporterParts["api"];
  readonly #onWatched: (rooms: WatchedRoom[]) => void;
  readonly #isSubscribed: (roomId: string) => boolean;
  readonly #rooms = new Map<string, string[]>();
  /** When each tab reported its rooms. */
  readonly #reportedAt = new Map<string, number>();
  #connectionId = "";
  #watching = "";
  #activeAt = Date.now();
  #idle = false;
  /** The presence that the user chose, until the server has acknowledged it. */
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
    // A repeated report is no reason to ask the server: its answer goes to all tabs.
    const isRepeat = roomIds.join() === this.rooms(tab).join();
    if (roomIds.length) this.#rooms.set(tab, roomIds);
    else this.#rooms.delete(tab);
    // Another tab needs the state of its rooms, even if they are watched already.
    if (!isRepeat && tab !== this.#ownTab && roomIds.length) this.#watching = "";
    void this.#watchRooms();
  }

  /** Forgets a tab that starts over: its next report is new. */
  forgetTab(tab: string): void {
    this.#rooms.delete(tab);
  }

  /** This tab becomes the leader. The other tabs report their rooms again, if they still exist. */
  forgetOthers(): void {
    for (const tab of [...this.#rooms.keys()]) if (tab !== this.#ownTab) this.#rooms.delete(tab);
  }

  /** A room was added or removed. */
  onRoomsChanged(): void {
    void this.#watchRooms();
  }

  /** What is known of the rooms may be wrong. */
  refreshRooms(): void {
    if (this.#retryTimer === undefined) this.#watchIn(DEBOUNCE_MS);
  }

  /** Records input, here or in another tab. Returns whether to report it to the other tabs. */
  recordActivity(at: number): boolean {
    const isDue = at - this.#activeAt > ACTIVITY_INTERVAL_MS || this.#idle;
    if (!isDue) return false;
    this.#activeAt = at;
    if (this.#idle) this.#reportIdle(false);
    this.#startIdleTimer();
    return true;
  }

  /** Sets the user's presence. The server stores it; until it has acknowledged it, it is sent again. */
  choose(choice: PresenceState): void {
    this.#pendingChoice = choice;
    this.#reportChoice();
  }

  /** A stream is open. The server takes a new stream for active. */
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
    // If the call is lost, so is the stream, and the next stream is told.
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
    // Takes one room of each tab in turn, this tab first: each tab lists the room on its screen first.
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
