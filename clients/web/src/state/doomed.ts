// Messages that their reader wants deleted: for some seconds that can be undone.
// Whatever waits when the page goes is deleted by the next one.

import { createSignal } from "solid-js";

import { Failure } from "../failure";

export const UNDO_MS = 6_000;

interface Entry {
  readonly roomId: string;
  readonly seq: number;
}

export class Doomed {
  readonly #key: string;
  readonly #remove: (roomId: string, seq: number) => Promise<void>;
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();
  readonly #entries = createSignal<readonly Entry[]>([]);
  #failed: (failure: unknown) => void = () => undefined;

  constructor(userId: string, remove: (roomId: string, seq: number) => Promise<void>) {
    this.#key = `causerie.doomed.${userId}`;
    this.#remove = remove;
    for (const { roomId, seq } of this.#stored()) this.#doom(roomId, seq, UNDO_MS);
  }

  has(roomId: string, seq: number): boolean {
    return this.#entries[0]().some((entry) => entry.roomId === roomId && entry.seq === seq);
  }

  add(roomId: string, seq: number, failed: (failure: unknown) => void): void {
    this.#failed = failed;
    this.#doom(roomId, seq, UNDO_MS);
  }

  undo(roomId: string, seq: number): void {
    clearTimeout(this.#timers.get(`${roomId} ${seq}`));
    this.#drop(roomId, seq);
  }

  stop(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
  }

  #doom(roomId: string, seq: number, inMs: number): void {
    clearTimeout(this.#timers.get(`${roomId} ${seq}`));
    if (!this.has(roomId, seq)) this.#keep([...this.#entries[0](), { roomId, seq }]);
    this.#timers.set(`${roomId} ${seq}`, setTimeout(() => void this.#execute(roomId, seq), inMs));
  }

  async #execute(roomId: string, seq: number): Promise<void> {
    try {
      await this.#remove(roomId, seq);
    } catch (error) {
      // Without a connection it waits for one.
      if (error instanceof Failure && error.code === "unavailable") return this.#doom(roomId, seq, UNDO_MS);
      this.#failed(error);
    }
    this.#drop(roomId, seq);
  }

  #drop(roomId: string, seq: number): void {
    this.#timers.delete(`${roomId} ${seq}`);
    this.#keep(this.#entries[0]().filter((entry) => entry.roomId !== roomId || entry.seq !== seq));
  }

  #keep(entries: readonly Entry[]): void {
    this.#entries[1](entries);
    try {
      if (entries.length) localStorage.setItem(this.#key, JSON.stringify(entries));
      else localStorage.removeItem(this.#key);
    } catch {
      // Full or forbidden: it is deleted as long as the page stays.
    }
  }

  #stored(): Entry[] {
    try {
      return JSON.parse(localStorage.getItem(this.#key) ?? "[]") as Entry[];
    } catch {
      return [];
    }
  }
}
