// How many messages of a room are unread. What lies before the messages that are loaded here was counted by the
// server, and is counted down from there.

import type { Message, RoomPreferences } from "../../domain/types";
import type { RoomView } from "../model/model";
import { firstAfter, rangeOf } from "../model/ranges";
import { hasUnreadThreads } from "../threads/threads";

export interface Unread {
  readonly count: number;
  /** There are more than `count`. */
  readonly more: boolean;
  /** How many of them mention the user. */
  readonly mentions: number;
  /** The user has flagged the room, to come back to it. */
  readonly flagged: boolean;
  /** A thread that the user follows has unread replies. */
  readonly threads: boolean;
}

export const NOTHING_UNREAD: Unread = { count: 0, more: false, mentions: 0, flagged: false, threads: false };

/** Whether a message mentions a user, by name or by @all. Who was online for @here is not known later. */
export function mentionsUser(message: Message, userId: string): boolean {
  return message.mentions.some((mention) => mention.all || mention.userId === userId);
}

/** How many unread messages notify, by the user's preferences for the room. */
export function notifiableUnread({ count, more, mentions }: Unread, { level, mutedUntil }: RoomPreferences): Pick<Unread, "count" | "more"> {
  if (level === "nothing" || mutedUntil > Date.now()) return { count: 0, more: false };
  return level === "mentions" ? { count: mentions, more: false } : { count, more };
}

/** The highest number of unread messages that is shown. */
export const MAX_COUNTED = 999;

/** Whether all messages between the read marker and the server's count are loaded. */
export function isFullyLoaded({ counted, readSeq, ranges }: RoomView): boolean {
  return readSeq >= counted.upTo || (rangeOf(ranges, readSeq + 1)?.upTo ?? 0) >= counted.upTo;
}

/** How many messages of others are unread; own and system messages never count. */
export function unread(view: RoomView, me: string): Unread {
  const { count, more, mentions } = countUpTo(view, me, Infinity);
  return { count, more, mentions, flagged: view.unreadFrom > 0, threads: hasUnreadThreads(view.threads) };
}

/** The unread messages up to a position. No more are counted than are shown. */
export function countUpTo(view: RoomView, me: string, upTo: number): Pick<Unread, "count" | "more" | "mentions"> {
  const { counted, readSeq, order } = view;
  const isLoaded = isFullyLoaded(view);
  const from = isLoaded ? readSeq : counted.upTo;
  let count = isLoaded ? 0 : counted.count;
  let mentions = isLoaded ? 0 : counted.mentions;
  for (let i = firstAfter(order, upTo) - 1; count <= MAX_COUNTED && i >= 0 && (order[i] ?? 0) > from; i--) {
    const message = view.messages.get(order[i] ?? 0);
    if (!message || !isCountable(message, me)) continue;
    count += 1;
    if (mentionsUser(message, me) && !view.blockRelations.has(message.senderId)) mentions += 1;
  }
  const more = count > MAX_COUNTED || (!isLoaded && counted.more);
  // A mention that only the server had counted may have been deleted since.
  return { count: Math.min(count, MAX_COUNTED), more, mentions: Math.min(mentions, count) };
}

function isCountable(message: Message, me: string): boolean {
  const { kind } = message.content;
  return message.senderId !== me && kind !== "system" && kind !== "deleted";
}

/** Subtracts a message that the server had counted as unread and that is deleted now. */
export function uncountDeleted(view: RoomView, message: Message, me: string): void {
  const { seq, senderId, threadSeq, changedSeq } = message;
  const { counted } = view;
  if (senderId === me || threadSeq || counted.more) return;
  if (seq <= view.readSeq || seq > counted.upTo || changedSeq <= counted.upTo) return;
  const before = view.messages.get(seq);
  // A deleted message is sent again whenever one of its replies is deleted.
  if (before?.content.kind === "deleted" || counted.deleted.has(seq)) return;
  counted.deleted.add(seq);
  // It is unknown whether it was deleted before the server counted.
  if (!before && message.thread) view.countStale = true;
  const mentions = counted.mentions - (before && mentionsUser(before, me) && !view.blockRelations.has(before.senderId) ? 1 : 0);
  view.counted = { ...counted, count: Math.max(counted.count - 1, 0), mentions: Math.max(mentions, 0) };
}

export const serverCount = (count: number, more: boolean, mentions: number, upTo: number): RoomView["counted"] => ({
  count,
  more,
  mentions,
  upTo,
  deleted: new Set(),
});
