// A log may be longer than what is good to keep: what was read and lies far from
// the reader is forgotten, and read again should they come back. Garbage is
// collected in a time that grows with what is kept, and that time is a pause.

import type { RoomView } from "./model";
import { known, type Range, type Ranges } from "./ranges";

/** So many messages of a room are kept, wherever they lie. */
const MOST = 2_000;
/** Of them, the newest: a room opens with them. */
const NEWEST = 200;

/** Forgets all but a stretch, the newest, and what is unread and therefore counted. */
export function forget(view: RoomView, keep: Range): void {
  const { order, readSeq } = view;
  if (order.length <= MOST) return;
  const newest: Range = { after: Math.min((order.at(-NEWEST) ?? 1) - 1, readSeq), upTo: Infinity };
  let left: Ranges = [];
  view.known.forEach((range, i) => {
    // Live changes go to the last stretch, also where it is empty.
    const isTail = i === view.known.length - 1;
    for (const part of [keep, newest]) {
      const after = Math.max(range.after, part.after);
      const upTo = Math.min(range.upTo, part.upTo);
      if (after < upTo || (isTail && part === newest && after === upTo)) left = known(left, { after, upTo });
    }
  });
  const stays = (seq: number) => left.some(({ after, upTo }) => after < seq && seq <= upTo);
  for (const seq of order) if (!stays(seq)) view.messages.delete(seq);
  view.order = order.filter(stays);
  view.known = left;
}
