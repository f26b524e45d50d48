// Evicts messages of long logs: those that were read and are far from the reader. They
// are loaded again if the reader comes back. The more messages are kept, the longer
// the pauses of garbage collection.

import type { Message } from "../../domain/types";
import { tail, type RoomView } from "../model/model";
import { countUpTo } from "../reading/unread";
import { firstAfter, addRange, type Range, type Ranges } from "../model/ranges";

/** How many messages of a room are kept, at any position. */
const MAX_MESSAGES = 2_000;
/** How many of the newest are always kept: a room opens with them. */
const MIN_NEWEST_MESSAGES = 200;
/** How many thread replies are kept, those that changed last: an open thread needs their newest state. */
const MAX_THREAD_REPLIES = 500;
/** How many of its newest messages a hidden room keeps, once it has more than `HIDDEN_EVICTION_THRESHOLD`. */
const MAX_HIDDEN_MESSAGES = 100;
const HIDDEN_EVICTION_THRESHOLD = 3 * MAX_HIDDEN_MESSAGES;

/** Evicts all but a range, the newest messages, and unread messages, which have to be counted. */
export function evictDistant(view: RoomView, keep: Range, me: string): void {
  const { order, readSeq, messages } = view;
  if (messages.size <= MAX_MESSAGES) return;
  evictReplies(view, MAX_THREAD_REPLIES, me);
  if (order.length <= MAX_MESSAGES) return;
  const newest: Range = { after: Math.min((order.at(-MIN_NEWEST_MESSAGES) ?? 1) - 1, readSeq), upTo: Infinity };
  let left: Ranges = [];
  view.ranges.forEach((range, i) => {
    // Live changes go to the last range, even if it is empty.
    const isTail = i === view.ranges.length - 1;
    for (const part of [keep, newest]) {
      const after = Math.max(range.after, part.after);
      const upTo = Math.min(range.upTo, part.upTo);
      if (after < upTo || (isTail && part === newest && after === upTo)) left = addRange(left, { after, upTo });
    }
  });
  drop(view, order.filter((seq) => !left.some(({ after, upTo }) => after < seq && seq <= upTo)), me);
  view.ranges = left;
}

/** Evicts all but the newest messages of a hidden room, and keeps the number of unread ones among them. */
export function evictHidden(view: RoomView, me: string): void {
  const { order, readSeq, messages } = view;
  if (messages.size <= HIDDEN_EVICTION_THRESHOLD) return;
  evictReplies(view, MAX_HIDDEN_MESSAGES, me);
  if (order.length <= MAX_HIDDEN_MESSAGES) return;
  const { after, upTo } = tail(view);
  const newest = Math.max((order.at(-MAX_HIDDEN_MESSAGES) ?? 1) - 1, after);
  // The server's count cannot be split.
  const at = readSeq >= newest ? newest : Math.max(newest, view.counted.upTo);
  const before = order.slice(0, firstAfter(order, at));
  if (at >= view.counted.upTo) {
    const deleted = before.filter((seq) => seq > readSeq && messages.get(seq)?.content.kind === "deleted");
    view.counted = { ...countUpTo(view, me, at), upTo: at, deleted: new Set([...view.counted.deleted, ...deleted]) };
  }
  drop(view, before, me);
  view.ranges = [{ after: at, upTo }];
}

function evictReplies(view: RoomView, max: number, me: string): void {
  const replies = [...view.messages.values()].filter(({ threadSeq }) => threadSeq > 0);
  if (replies.length <= max) return;
  replies.sort((a, b) => b.changedSeq - a.changedSeq);
  drop(view, replies.slice(max).map(({ seq }) => seq), me);
}

function drop(view: RoomView, seqs: readonly number[], me: string): void {
  for (const seq of seqs) {
    const message = view.messages.get(seq);
    if (message) rememberFollowing(view, message, me);
    view.messages.delete(seq);
  }
  view.order = view.order.filter((seq) => view.messages.has(seq));
}

/** Remembers which threads the user follows when the messages that prove it are evicted. */
function rememberFollowing({ threads: { follows } }: RoomView, message: Message, me: string): void {
  const own = message.senderId === me;
  if (own && !message.threadSeq) follows.set(message.seq, true);
  if (message.threadSeq && (own || message.mentions.some(({ userId }) => userId === me))) follows.set(message.threadSeq, true);
}
