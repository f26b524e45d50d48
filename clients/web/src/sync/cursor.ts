// Up to where each room is known: a pure machine. Whatever is lost, repeated or
// reordered, each position is let through once and in order.

/**
 * - `deliver`: it follows on what is known.
 * - `repeat`: it is known.
 * - `gap`: something before it is missing; ask from the position that is known.
 * - `stray`: not a room that the stream has told of.
 */
export type Verdict = "deliver" | "repeat" | "gap" | "stray";

export class Cursor {
  readonly #rooms = new Map<string, number>();

  constructor(rooms: Iterable<readonly [string, number]> = []) {
    for (const [room, seq] of rooms) this.#rooms.set(room, seq);
  }

  /**
   * Judges a change that covers the positions after `afterSeq` up to `seq`, and
   * moves if it is to be delivered. One that overlaps what is known is delivered
   * too: it is state, and applying it twice does no harm.
   */
  accept(roomId: string, afterSeq: number, seq: number): Verdict {
    const at = this.#rooms.get(roomId);
    if (at === undefined) return "stray";
    if (seq <= at) return "repeat";
    if (afterSeq > at) return "gap";
    this.#rooms.set(roomId, seq);
    return "deliver";
  }

  /** Begins a room at a position: it was added, or reset. */
  begin(roomId: string, seq: number): void {
    this.#rooms.set(roomId, seq);
  }

  /** The room is gone. */
  forget(roomId: string): void {
    this.#rooms.delete(roomId);
  }

  /** The store is another one: nothing is known. */
  clear(): void {
    this.#rooms.clear();
  }

  position(roomId: string): number | undefined {
    return this.#rooms.get(roomId);
  }

  /** All positions, for `resume`. */
  get positions(): ReadonlyMap<string, number> {
    return this.#rooms;
  }
}
