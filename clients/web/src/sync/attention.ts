// What the user looks at and whether they are there, over all tabs; told to the
// server by the tab that leads.

import type { Api } from "../api/calls";
import type { PresenceState, WatchedRoom } from "../nouns";

/** Without any input for this long the user counts as away. */
const IDLE_MS = 5 * 60_000;
/** How often tabs tell each other of input. */
const TELL_MS = 30_000;
/** As many rooms as the server lets a stream watch. */
const MOST_ROOMS = 20;

export interface AttentionParts {
  /** This tab. */
  readonly own: string;
  /** How the user chose to be seen, perhaps before a reload. */
  readonly chosen: PresenceState;
  readonly api: Pick<Api, "watchRooms" | "setPresence">;
  readonly seen: (rooms: WatchedRoom[]) => void;
}

export class Attention {
  readonly #own: string;
  readonly #api: Pick<Api, "watchRooms" | "setPresence">;
  readonly #seen: (rooms: WatchedRoom[]) => void;
  readonly #rooms = new Map<string, string[]>();
  #connectionId = "";
  #watching = "";
  #activeAt = Date.now();
  #said: PresenceState;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor({ own, chosen, api, seen }: AttentionParts) {
    this.#own = own;
    this.#said = chosen;
    this.#api = api;
    this.#seen = seen;
  }

  rooms(tab: string): string[] {
    return this.#rooms.get(tab) ?? [];
  }

  watch(tab: string, roomIds: string[]): void {
    if (roomIds.length) this.#rooms.set(tab, roomIds);
    else this.#rooms.delete(tab);
    // Another tab has yet to hear how its rooms are, even if they are watched.
    if (tab !== this.#own && roomIds.length) this.#watching = "";
    void this.#tellRooms();
  }

  /** Input, here or in another tab. Returns whether the others should hear of it. */
  active(at: number): boolean {
    const tell = at - this.#activeAt > TELL_MS || this.#said === "away";
    if (!tell) return false;
    this.#activeAt = at;
    if (this.#said === "away") this.#say("online");
    this.#arm();
    return true;
  }

  choose(state: PresenceState): void {
    this.#activeAt = Date.now();
    this.#say(state);
    this.#arm();
  }

  /** A stream is open. What the user chose stays with the server. */
  opened(connectionId: string): void {
    this.#connectionId = connectionId;
    this.#watching = "";
    void this.#tellRooms();
    if (this.#said === "away") this.#say("away");
    this.#arm();
  }

  lost(): void {
    this.#connectionId = "";
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #arm(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#idle(), IDLE_MS);
  }

  #idle(): void {
    // Being away lifts what the user chose, so it is said only when they chose nothing.
    if (this.#said === "online" && Date.now() - this.#activeAt >= IDLE_MS - TELL_MS) this.#say("away");
  }

  #say(state: PresenceState): void {
    this.#said = state;
    if (!this.#connectionId) return;
    // If it is lost the stream is, and the next one begins as online.
    this.#api.setPresence(this.#connectionId, state).catch(() => undefined);
  }

  async #tellRooms(): Promise<void> {
    if (!this.#connectionId) return;
    // This tab's rooms first: they are surely on a screen.
    const all = [...this.rooms(this.#own), ...[...this.#rooms.values()].flat()];
    const roomIds = [...new Set(all)].slice(0, MOST_ROOMS);
    const watching = roomIds.join();
    if (watching === this.#watching) return;
    this.#watching = watching;
    try {
      this.#seen(await this.#api.watchRooms(this.#connectionId, roomIds));
    } catch {
      // A room was left, or the stream is gone; the next word tries again.
      this.#watching = "";
    }
  }
}
