// What the user looks at and whether they are there, over all tabs; told to the
// server by the tab that leads.

import type { Api } from "../api/calls";
import type { PresenceState, WatchedRoom } from "../domain/types";

/** Without any input for this long the user counts as away. */
const IDLE_MS = 5 * 60_000;
/** How often tabs tell each other of input. */
const TELL_MS = 30_000;
/** As many rooms as the server lets a stream watch. */
const MOST_ROOMS = 20;
/** A word about rooms that was lost is said again after this. */
const AGAIN_MS = 5_000;
/** A tab that has not said what it looks at for so long is gone; the timers of a hidden one come once a minute. */
const SILENT_MS = 5 * 60_000;
/** Reasons to ask how rooms are that come within this time are one. */
const SETTLE_MS = 500;

export interface AttentionParts {
  /** This tab. */
  readonly own: string;
  readonly api: Pick<Api, "watchRooms" | "choosePresence" | "setIdle">;
  readonly seen: (rooms: WatchedRoom[]) => void;
  /** Whether the stream tells of a room: the server lets nobody watch another one, nor any with it. */
  readonly knows: (roomId: string) => boolean;
}

export class Attention {
  readonly #own: string;
  readonly #api: AttentionParts["api"];
  readonly #seen: (rooms: WatchedRoom[]) => void;
  readonly #knows: (roomId: string) => boolean;
  readonly #rooms = new Map<string, string[]>();
  /** When tabs said what they look at. */
  readonly #saidAt = new Map<string, number>();
  #connectionId = "";
  #watching = "";
  #activeAt = Date.now();
  #idle = false;
  /** What the user chose and the server has not yet taken. */
  #untold: PresenceState | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #again: ReturnType<typeof setTimeout> | undefined;

  constructor({ own, api, seen, knows }: AttentionParts) {
    this.#own = own;
    this.#api = api;
    this.#seen = seen;
    this.#knows = knows;
  }

  rooms(tab: string): string[] {
    return this.#rooms.get(tab) ?? [];
  }

  watch(tab: string, roomIds: string[]): void {
    this.#saidAt.set(tab, Date.now());
    for (const it of this.#rooms.keys()) {
      if (it !== this.#own && Date.now() - (this.#saidAt.get(it) ?? 0) > SILENT_MS) this.#rooms.delete(it);
    }
    // What is said again tells nothing. To ask the server anew would be answered to all tabs.
    const again = roomIds.join() === this.rooms(tab).join();
    if (roomIds.length) this.#rooms.set(tab, roomIds);
    else this.#rooms.delete(tab);
    // Another tab has yet to hear how its rooms are, even if they are watched.
    if (!again && tab !== this.#own && roomIds.length) this.#watching = "";
    void this.#tellRooms();
  }

  /** A tab knows nothing any more: whatever it says next is new. */
  forget(tab: string): void {
    this.#rooms.delete(tab);
  }

  /** This tab begins to lead: the others say anew what they look at, as far as they are still there. */
  forgetOthers(): void {
    for (const tab of [...this.#rooms.keys()]) if (tab !== this.#own) this.#rooms.delete(tab);
  }

  /** There is another room, or one less. */
  roomsMoved(): void {
    void this.#tellRooms();
  }

  /** What is known of the rooms may be wrong. */
  lookAgain(): void {
    if (this.#again === undefined) this.#askIn(SETTLE_MS);
  }

  /** Input, here or in another tab. Returns whether the others should hear of it. */
  active(at: number): boolean {
    const tell = at - this.#activeAt > TELL_MS || this.#idle;
    if (!tell) return false;
    this.#activeAt = at;
    if (this.#idle) this.#sayIdle(false);
    this.#arm();
    return true;
  }

  /** How the user wants to be seen. It stays with the server; until it is there, it is said again. */
  choose(choice: PresenceState): void {
    this.#untold = choice;
    this.#sayChoice();
  }

  /** A stream is open; of a new one the server thinks that it is in use. */
  opened(connectionId: string): void {
    this.#connectionId = connectionId;
    this.#watching = "";
    void this.#tellRooms();
    this.#sayChoice();
    if (this.#idle) this.#sayIdle(true);
    this.#arm();
  }

  lost(): void {
    this.#connectionId = "";
  }

  stop(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#again);
  }

  #arm(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (Date.now() - this.#activeAt >= IDLE_MS - TELL_MS) this.#sayIdle(true);
    }, IDLE_MS);
  }

  #sayIdle(idle: boolean): void {
    this.#idle = idle;
    // If it is lost the stream is, and the next one hears it.
    if (this.#connectionId) this.#api.setIdle(this.#connectionId, idle).catch(() => undefined);
  }

  #sayChoice(): void {
    const choice = this.#untold;
    if (!choice || !this.#connectionId) return;
    const told = () => this.#untold === choice && (this.#untold = undefined);
    this.#api.choosePresence(this.#connectionId, choice).then(told, () => undefined);
  }

  async #tellRooms(): Promise<void> {
    if (!this.#connectionId) return;
    // One of each tab's in turn, of this one's first: each has the room on its screen at the front.
    const lists = [this.rooms(this.#own), ...this.#rooms.values()].map((rooms) => rooms.filter(this.#knows));
    const all = Array.from({ length: MOST_ROOMS }, (_, i) => lists.flatMap((rooms) => rooms[i] ?? [])).flat();
    const roomIds = [...new Set(all)].slice(0, MOST_ROOMS);
    const watching = roomIds.join();
    if (watching === this.#watching) return;
    this.#watching = watching;
    try {
      this.#seen(await this.#api.watchRooms(this.#connectionId, roomIds));
    } catch {
      // A room was left, or the stream is gone.
      this.#askIn(AGAIN_MS);
    }
  }

  #askIn(ms: number): void {
    clearTimeout(this.#again);
    this.#again = setTimeout(() => {
      this.#again = undefined;
      this.#watching = "";
      void this.#tellRooms();
    }, ms);
  }
}
