// Deletions that can be undone for some seconds. If the page is closed before, the next
// page carries them out. Nothing is deleted before it is certain that the store is still
// the same: in another store, another message is at that position. Names in the storage
// (`doomed`) stay, since tabs of older versions read them too.

import { createSignal } from "solid-js";

import { Failure } from "../../domain/failure";
import { erase, keys, read, write } from "../../sync/storage";
import type { Model } from "../model/model";

export const UNDO_MS = 6_000;
/** How long signing out waits for the server. */
const SIGN_OUT_TIMEOUT_MS = 3_000;

interface Deletion {
  readonly roomId: string;
  readonly seq: number;
  /** The store's epoch; empty if it was not known, or in entries of older versions. */
  readonly epoch: string;
  /** When the time to undo ends; 0 once the call is under way. */
  readonly until: number;
}

/** The store's identity, and whether it is connected. */
type Store = Pick<Model, "epoch" | "connection">;
type StoredDeletion = Omit<Deletion, "until">;

export class PendingDeletions {
  readonly #prefix: string;
  readonly #remove: (roomId: string, seq: number) => Promise<void>;
  readonly #store: Store;
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();
  readonly #entries = createSignal<readonly Deletion[]>([]);
  #onFailure: (failure: unknown) => void = () => undefined;

  constructor(userId: string, remove: (roomId: string, seq: number) => Promise<void>, store: Store) {
    // One key for each, so that tabs never overwrite each other's.
    this.#prefix = `causerie.doomed.${userId}.`;
    this.#remove = remove;
    this.#store = store;
    for (const { roomId, seq, epoch } of this.#readStored()) {
      // Another tab may still be open in which it can be undone.
      const isStillStored = () => read(this.#key(roomId, seq)) !== null;
      this.#timers.set(`${roomId} ${seq}`, setTimeout(() => isStillStored() && this.#schedule(roomId, seq, epoch, 0), 2 * UNDO_MS));
    }
  }

  has(roomId: string, seq: number): boolean {
    return this.#find(roomId, seq) !== undefined;
  }

  /** When the time to undo ends; 0 if it cannot be undone. */
  undoableUntil(roomId: string, seq: number): number {
    return this.#find(roomId, seq)?.until ?? 0;
  }

  add(roomId: string, seq: number, onFailure: (failure: unknown) => void): void {
    this.#onFailure = onFailure;
    this.#schedule(roomId, seq, this.#store.epoch, UNDO_MS);
  }

  undo(roomId: string, seq: number): void {
    clearTimeout(this.#timers.get(`${roomId} ${seq}`));
    this.#drop(roomId, seq);
  }

  /** Cancels all deletions, because their positions are of another store. */
  cancelAll(): void {
    for (const { roomId, seq } of this.#readStored()) this.undo(roomId, seq);
  }

  stop(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
  }

  /** Carries out all deletions now, of any tab. Those that fail are left to this user's next page. */
  async executeAll(): Promise<void> {
    this.stop();
    const { epoch: now, connection } = this.#store;
    if (connection.kind !== "live") return;
    const execute = ({ roomId, seq }: StoredDeletion) => this.#remove(roomId, seq).then(() => this.#drop(roomId, seq));
    const all = Promise.allSettled(this.#readStored().filter(({ epoch }) => !epoch || epoch === now).map(execute));
    await Promise.race([all, new Promise((done) => setTimeout(done, SIGN_OUT_TIMEOUT_MS))]);
  }

  #schedule(roomId: string, seq: number, epoch: string, inMs: number): void {
    clearTimeout(this.#timers.get(`${roomId} ${seq}`));
    this.#put({ roomId, seq, epoch, until: Date.now() + inMs });
    write(this.#key(roomId, seq), epoch);
    this.#timers.set(`${roomId} ${seq}`, setTimeout(() => void this.#execute(roomId, seq, epoch), inMs));
  }

  async #execute(roomId: string, seq: number, epoch: string): Promise<void> {
    const { epoch: now, connection } = this.#store;
    // Only the next stream tells whether the store is still the same.
    if (connection.kind !== "live") return this.#schedule(roomId, seq, epoch, UNDO_MS);
    if (epoch && epoch !== now) return this.#drop(roomId, seq);
    this.#put({ roomId, seq, epoch, until: 0 });
    try {
      await this.#remove(roomId, seq);
    } catch (error) {
      // Without a connection, try again later.
      if (error instanceof Failure && (error.code === "unavailable" || error.code === "deadline")) return this.#schedule(roomId, seq, epoch, UNDO_MS);
      this.#onFailure(error);
    }
    this.#drop(roomId, seq);
  }

  #drop(roomId: string, seq: number): void {
    this.#timers.delete(`${roomId} ${seq}`);
    erase(this.#key(roomId, seq));
    this.#entries[1](this.#others(roomId, seq));
  }

  #put(entry: Deletion): void {
    this.#entries[1]([...this.#others(entry.roomId, entry.seq), entry]);
  }

  #find(roomId: string, seq: number): Deletion | undefined {
    return this.#entries[0]().find((entry) => entry.roomId === roomId && entry.seq === seq);
  }

  #others(roomId: string, seq: number): Deletion[] {
    return this.#entries[0]().filter((entry) => entry.roomId !== roomId || entry.seq !== seq);
  }

  #key(roomId: string, seq: number): string {
    return `${this.#prefix}${seq}.${roomId}`;
  }

  #readStored(): StoredDeletion[] {
    return keys(this.#prefix).map((name) => {
      const [seq = "", ...room] = name.slice(this.#prefix.length).split(".");
      return { roomId: room.join("."), seq: Number(seq), epoch: read(name) ?? "" };
    });
  }
}
