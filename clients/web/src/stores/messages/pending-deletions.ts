// Messages that their reader wants deleted: for some seconds that can be undone.
// Whatever waits when the page goes is deleted by the next one. Nothing is deleted
// before it is certain that the store is the one in which it was wanted: in
// another one something else stands there.

import { createSignal } from "solid-js";

import { Failure } from "../../domain/failure";
import { erase, keys, read, write } from "../../sync/storage";
import type { Model } from "../model/model";

export const UNDO_MS = 6_000;
/** Who signs out does not wait longer for a server that does not answer. */
const PATIENCE_MS = 3_000;

interface Entry {
  readonly roomId: string;
  readonly seq: number;
  /** Of the store; empty if no stream had told it yet, or by an older version of these pages. */
  readonly epoch: string;
  /** Till then it can be undone; 0 once the call is under way. */
  readonly until: number;
}

/** The store as it is known, and whether it is connected. */
type Store = Pick<Model, "epoch" | "connection">;
type Stored = Omit<Entry, "until">;

export class Doomed {
  readonly #prefix: string;
  readonly #remove: (roomId: string, seq: number) => Promise<void>;
  readonly #store: Store;
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();
  readonly #entries = createSignal<readonly Entry[]>([]);
  #failed: (failure: unknown) => void = () => undefined;

  constructor(userId: string, remove: (roomId: string, seq: number) => Promise<void>, store: Store) {
    // One key for each, so that tabs never overwrite each other's.
    this.#prefix = `causerie.doomed.${userId}.`;
    this.#remove = remove;
    this.#store = store;
    for (const { roomId, seq, epoch } of this.#stored()) {
      // Another tab may still be open in which it can be undone.
      const wanted = () => read(this.#name(roomId, seq)) !== null;
      this.#timers.set(`${roomId} ${seq}`, setTimeout(() => wanted() && this.#doom(roomId, seq, epoch, 0), 2 * UNDO_MS));
    }
  }

  has(roomId: string, seq: number): boolean {
    return this.#find(roomId, seq) !== undefined;
  }

  /** Till when it can be undone; 0 if not. */
  undoable(roomId: string, seq: number): number {
    return this.#find(roomId, seq)?.until ?? 0;
  }

  add(roomId: string, seq: number, failed: (failure: unknown) => void): void {
    this.#failed = failed;
    this.#doom(roomId, seq, this.#store.epoch, UNDO_MS);
  }

  undo(roomId: string, seq: number): void {
    clearTimeout(this.#timers.get(`${roomId} ${seq}`));
    this.#drop(roomId, seq);
  }

  /** Nothing is deleted of what waits: what stands at its positions is something else now. */
  callOff(): void {
    for (const { roomId, seq } of this.#stored()) this.undo(roomId, seq);
  }

  stop(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
  }

  /** Deletes at once whatever waits, in any tab. What cannot be deleted now waits for this user's next page. */
  async carryOut(): Promise<void> {
    this.stop();
    const { epoch: now, connection } = this.#store;
    if (connection.kind !== "live") return;
    const gone = ({ roomId, seq }: Stored) => this.#remove(roomId, seq).then(() => this.#drop(roomId, seq));
    const all = Promise.allSettled(this.#stored().filter(({ epoch }) => !epoch || epoch === now).map(gone));
    await Promise.race([all, new Promise((over) => setTimeout(over, PATIENCE_MS))]);
  }

  #doom(roomId: string, seq: number, epoch: string, inMs: number): void {
    clearTimeout(this.#timers.get(`${roomId} ${seq}`));
    this.#put({ roomId, seq, epoch, until: Date.now() + inMs });
    write(this.#name(roomId, seq), epoch);
    this.#timers.set(`${roomId} ${seq}`, setTimeout(() => void this.#execute(roomId, seq, epoch), inMs));
  }

  async #execute(roomId: string, seq: number, epoch: string): Promise<void> {
    const { epoch: now, connection } = this.#store;
    // Whether the server still has what it had is known with the next stream.
    if (connection.kind !== "live") return this.#doom(roomId, seq, epoch, UNDO_MS);
    if (epoch && epoch !== now) return this.#drop(roomId, seq);
    this.#put({ roomId, seq, epoch, until: 0 });
    try {
      await this.#remove(roomId, seq);
    } catch (error) {
      // Without a connection it waits for one.
      if (error instanceof Failure && (error.code === "unavailable" || error.code === "deadline")) return this.#doom(roomId, seq, epoch, UNDO_MS);
      this.#failed(error);
    }
    this.#drop(roomId, seq);
  }

  #drop(roomId: string, seq: number): void {
    this.#timers.delete(`${roomId} ${seq}`);
    erase(this.#name(roomId, seq));
    this.#entries[1](this.#others(roomId, seq));
  }

  #put(entry: Entry): void {
    this.#entries[1]([...this.#others(entry.roomId, entry.seq), entry]);
  }

  #find(roomId: string, seq: number): Entry | undefined {
    return this.#entries[0]().find((entry) => entry.roomId === roomId && entry.seq === seq);
  }

  #others(roomId: string, seq: number): Entry[] {
    return this.#entries[0]().filter((entry) => entry.roomId !== roomId || entry.seq !== seq);
  }

  #name(roomId: string, seq: number): string {
    return `${this.#prefix}${seq}.${roomId}`;
  }

  #stored(): Stored[] {
    return keys(this.#prefix).map((name) => {
      const [seq = "", ...room] = name.slice(this.#prefix.length).split(".");
      return { roomId: room.join("."), seq: Number(seq), epoch: read(name) ?? "" };
    });
  }
}
