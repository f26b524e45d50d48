// The position up to which each room was received: pure. Whatever is lost, repeated or
// reordered, each position passes once and in order.

import type { Position, Room } from "../domain/types";

/**
 * - `deliver`: the change follows the room's position.
 * - `repeat`: the change was received before.
 * - `gap`: something before it is missing; ask for it from the room's position.
 * - `stray`: the stream has not added this room.
 */
export type Verdict = "deliver" | "repeat" | "gap" | "stray";

export class Cursor {
  readonly #rooms = new Map<string, Position>();

  /**
   * Judges a change that covers the positions after `afterSeq` up to `seq`, and
   * moves the position if it is delivered. One that overlaps the position is delivered
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

  /** Sets a room to its head after it was added or reset. */
  begin({ id, headSeq: seq, logId }: Pick<Room, "id" | "headSeq" | "logId">): void {
    this.#rooms.set(id, { seq, logId });
  }

  /** The room is gone. */
  forget(roomId: string): void {
    this.#rooms.delete(roomId);
  }

  /** Forgets all rooms, because the store is another one. */
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
