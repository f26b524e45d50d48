// Messages that their reader wants deleted: for some seconds that can be undone.
// Whatever waits when the page goes is deleted by the next one.

import { createSignal } from "solid-js";

import { Failure } from "../failure";
import { erase, keys, read, write } from "../sync/storage";

export const UNDO_MS = 6_000;
/** Who signs out does not wait longer for a server that does not answer. */
const PATIENCE_MS = 3_000;

interface Entry {
  readonly roomId: string;
  readonly seq: number;
  /** Till then it can be undone; 0 once the call is under way. */
  readonly until: number;
}

export class Doomed {
  readonly #prefix: string;
  readonly #remove: (roomId: string, seq: number) => Promise<void>;
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();
  readonly #entries = createSignal<readonly Entry[]>([]);
  #failed: (failure: unknown) => void = () => undefined;

  constructor(userId: string, remove: (roomId: string, seq: number) => Promise<void>) {
    // One key for each, so that tabs never overwrite each other's.
    this.#prefix = `causerie.doomed.${userId}.`;
    this.#remove = remove;
    for (const { roomId, seq } of this.#stored()) {
      // Another tab may still be open in which it can be undone.
      const wanted = () => read(this.#name(roomId, seq)) !== null;
      this.#timers.set(`${roomId} ${seq}`, setTimeout(() => wanted() && this.#doom(roomId, seq, 0), 2 * UNDO_MS));
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
    this.#doom(roomId, seq, UNDO_MS);
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
    const gone = ({ roomId, seq }: Pick<Entry, "roomId" | "seq">) => this.#remove(roomId, seq).then(() => this.#drop(roomId, seq));
    const all = Promise.allSettled(this.#stored().map(gone));
    await Promise.race([all, new Promise((over) => setTimeout(over, PATIENCE_MS))]);
  }

  #doom(roomId: string, seq: number, inMs: number): void {
    clearTimeout(this.#timers.get(`${roomId} ${seq}`));
    this.#put({ roomId, seq, until: Date.now() + inMs });
    write(this.#name(roomId, seq), "");
    this.#timers.set(`${roomId} ${seq}`, setTimeout(() => void this.#execute(roomId, seq), inMs));
  }

  async #execute(roomId: string, seq: number): Promise<void> {
    this.#put({ roomId, seq, until: 0 });
    try {
      await this.#remove(roomId, seq);
    } catch (error) {
      // Without a connection it waits for one.
      if (error instanceof Failure && (error.code === "unavailable" || error.code === "deadline")) return this.#doom(roomId, seq, UNDO_MS);
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

  #stored(): Pick<Entry, "roomId" | "seq">[] {
    return keys(this.#prefix).map((name) => {
      const [seq = "", ...room] = name.slice(this.#prefix.length).split(".");
      return { roomId: room.join("."), seq: Number(seq) };
    });
  }
}
