// A log may be longer than what is good to keep: what was read and lies far from
// the reader is forgotten, and read again should they come back. Garbage is
// collected in a time that grows with what is kept, and that time is a pause.

import type { Message } from "../../domain/types";
import { tail, type RoomView } from "../model/model";
import { countUpTo } from "../reading/unread";
import { firstAfter, known, type Range, type Ranges } from "../model/ranges";

/** So many messages of a room are kept, wherever they lie. */
const MOST = 2_000;
/** Of them, the newest: a room opens with them. */
const NEWEST = 200;
/** Of the answers in its threads, those that changed last: an open thread shows them newer than it read them. */
const ANSWERS = 500;
/** A room that is not shown keeps so many of its newest, once there are `FOLD_AT`. */
const FOLDED = 100;
const FOLD_AT = 3 * FOLDED;

/** Forgets all but a stretch, the newest, and what is unread and therefore counted. */
export function forget(view: RoomView, keep: Range, me: string): void {
  const { order, readSeq, messages } = view;
  if (messages.size <= MOST) return;
  forgetAnswers(view, ANSWERS, me);
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
  drop(view, order.filter((seq) => !left.some(({ after, upTo }) => after < seq && seq <= upTo)), me);
  view.known = left;
}

/** What a room that is not shown would only be counted for is counted, and forgotten but for the newest. */
export function fold(view: RoomView, me: string): void {
  const { order, readSeq, messages } = view;
  if (messages.size <= FOLD_AT) return;
  forgetAnswers(view, FOLDED, me);
  if (order.length <= FOLDED) return;
  const { after, upTo } = tail(view);
  const newest = Math.max((order.at(-FOLDED) ?? 1) - 1, after);
  // What the server has counted cannot be counted in part.
  const at = readSeq >= newest ? newest : Math.max(newest, view.counted.upTo);
  const before = order.slice(0, firstAfter(order, at));
  if (at >= view.counted.upTo) {
    const deleted = before.filter((seq) => seq > readSeq && messages.get(seq)?.content.kind === "deleted");
    view.counted = { ...countUpTo(view, me, at), upTo: at, deleted: new Set([...view.counted.deleted, ...deleted]) };
  }
  drop(view, before, me);
  view.known = [{ after: at, upTo }];
}

function forgetAnswers(view: RoomView, most: number, me: string): void {
  const answers = [...view.messages.values()].filter(({ threadSeq }) => threadSeq > 0);
  if (answers.length <= most) return;
  answers.sort((a, b) => b.changedSeq - a.changedSeq);
  drop(view, answers.slice(most).map(({ seq }) => seq), me);
}

function drop(view: RoomView, seqs: readonly number[], me: string): void {
  for (const seq of seqs) {
    const message = view.messages.get(seq);
    if (message) remember(view, message, me);
    view.messages.delete(seq);
  }
  view.order = view.order.filter((seq) => view.messages.has(seq));
}

/** That the user is in a thread outlives the messages that say so. */
function remember({ threads: { follows } }: RoomView, message: Message, me: string): void {
  const own = message.senderId === me;
  if (own && !message.threadSeq) follows.set(message.seq, true);
  if (message.threadSeq && (own || message.mentions.some(({ userId }) => userId === me))) follows.set(message.threadSeq, true);
}
