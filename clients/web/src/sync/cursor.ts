// Up to where each room is known: a pure machine. Whatever is lost, repeated or
// reordered, each position is let through once and in order.

import type { Position, Room } from "../domain/types";

/**
 * - `deliver`: it follows on what is known.
 * - `repeat`: it is known.
 * - `gap`: something before it is missing; ask from the position that is known.
 * - `stray`: not a room that the stream has told of.
 */
export type Verdict = "deliver" | "repeat" | "gap" | "stray";

export class Cursor {
  readonly #rooms = new Map<string, Position>();

  /**
   * Judges a change that covers the positions after `afterSeq` up to `seq`, and
   * moves if it is to be delivered. One that overlaps what is known is delivered
   * too: it is state, and applying it twice does no harm.
   */
  accept(roomId: string, afterSeq: number, seq: number): Verdict {
    const position = this.#rooms.get(roomId);
    if (!position) return "stray";
    if (seq <= position.seq) return "repeat";
    if (afterSeq > position.seq) return "gap";
    this.#rooms.set(roomId, { ...position, seq });
    return "deliver";
  }

  /** Begins a room at its head: it was added, or reset. */
  begin({ id, headSeq: seq, logId }: Pick<Room, "id" | "headSeq" | "logId">): void {
    this.#rooms.set(id, { seq, logId });
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
    return this.#rooms.get(roomId)?.seq;
  }

  /** All positions, for the next stream. */
  get positions(): ReadonlyMap<string, Position> {
    return this.#rooms;
  }
}
