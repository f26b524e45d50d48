// Which threads of a room have answers that the user has not read.

import type { Api } from "../../api/calls";
import type { Message, Thread } from "../../domain/types";
import type { Topic } from "../model/apply";
import type { Model, RoomView } from "../model/model";
import type { Topics } from "../model/topics";
import type { ReadMarkerRetry } from "../reading/read-marker-retry";
import { removeStored } from "../outbox/outbox-view";

/** As many of a thread's newest answers are looked at to find an unread one. */
const NEWEST_REPLIES = 20;

export interface ThreadMarkers {
  /** Threads with unread answers that only the server has counted, up to a position. */
  counted: number;
  upTo: number;
  /** The newest unread answer of each thread that has one, as far as it is known. */
  readonly unread: Map<number, number>;
  /** Up to where threads were read, as far as it was told. */
  readonly read: Map<number, number>;
  /** Threads of which it is known that they are none of those that only the server has counted. */
  readonly resolved: Set<number>;
  /** Whether the user follows a thread, as far as it is known. */
  readonly follows: Map<number, boolean>;
  /** Whether what is counted may be wrong, and whether the server is being asked. */
  staleness: "none" | "some" | "asked";
}

/** Who follows a thread goes on with that, whatever else is forgotten. */
export const createThreadMarkers = (counted: number, upTo: number, follows = new Map<number, boolean>()): ThreadMarkers => ({
  counted,
  upTo,
  unread: new Map(),
  read: new Map(),
  resolved: new Set(),
  follows,
  staleness: "none",
});

/** Whether a thread that the user follows has unread answers. */
export const hasUnreadThreads = ({ counted, unread }: ThreadMarkers) => counted > 0 || unread.size > 0;

/** Whether a thread may be one of those that only the server has counted. */
const mayBeCounted = ({ counted, upTo, resolved }: ThreadMarkers, thread: number) => counted > 0 && thread <= upTo && !resolved.has(thread);

/** Whoever wrote the root, answered or was called there follows a thread; undefined if that is not known here. */
export function followsThread({ messages, threads: { follows } }: RoomView, threadSeq: number, me: string): boolean | undefined {
  const byMe = ({ senderId, mentions }: Message) => senderId === me || mentions.some(({ userId }) => userId === me);
  const isKnownFollower = follows.get(threadSeq);
  if (isKnownFollower !== undefined) return isKnownFollower;
  let isFollower = messages.get(threadSeq)?.senderId === me;
  for (const it of messages.values()) isFollower ||= it.threadSeq === threadSeq && byMe(it);
  if (!isFollower) return undefined;
  follows.set(threadSeq, true);
  return true;
}

/** An answer has come. */
export function applyThreadReply(view: RoomView, { roomId, seq, threadSeq, senderId, mentions }: Message, me: string): Topic[] {
  const { unread, read, follows } = view.threads;
  if (senderId === me || mentions.some(({ userId }) => userId === me)) follows.set(threadSeq, true);
  if (senderId === me || view.blockRelations.has(senderId) || seq <= (read.get(threadSeq) ?? 0) || !followsThread(view, threadSeq, me)) return [];
  unread.set(threadSeq, Math.max(unread.get(threadSeq) ?? 0, seq));
  return threadTopics(roomId);
}

/** A thread was looked at, as the server keeps it. */
export function applyThread(view: RoomView, { root, messages, following, readSeq }: Thread, me: string): Topic[] {
  const { threads } = view;
  const at = Math.max(threads.read.get(root.seq) ?? 0, readSeq);
  threads.read.set(root.seq, at);
  threads.follows.set(root.seq, following);
  const isUnread = ({ seq, senderId, content }: Message) => seq > at && senderId !== me && !view.blockRelations.has(senderId) && content.kind === "text";
  const unreadReplies = messages.filter(isUnread);
  const [first] = unreadReplies;
  const last = following ? unreadReplies.at(-1) : undefined;
  // It is one of those that the server has counted; later ones are counted here.
  if (first && last && first.seq <= threads.upTo && mayBeCounted(threads, root.seq)) threads.counted -= 1;
  threads.resolved.add(root.seq);
  if (last) threads.unread.set(root.seq, Math.max(threads.unread.get(root.seq) ?? 0, last.seq));
  else if ((threads.unread.get(root.seq) ?? Infinity) <= at) threads.unread.delete(root.seq);
  else return [];
  return threadTopics(root.roomId);
}

/**
 * The user has read a thread, here or on another device; marks never move
 * backwards. A stream that resumes tells all of them again.
 */
export function applyThreadRead(model: Model, roomId: string, threadSeq: number, seq: number): Topic[] {
  const threads = model.rooms.get(roomId)?.threads;
  if (!threads || seq <= (threads.read.get(threadSeq) ?? 0)) return [];
  threads.read.set(threadSeq, seq);
  // Whether it was one of those that the server has counted, and is none any more, cannot be known here.
  if (threads.staleness === "asked" || mayBeCounted(threads, threadSeq)) threads.staleness = "some";
  if ((threads.unread.get(threadSeq) ?? Infinity) > seq) return [];
  threads.unread.delete(threadSeq);
  return threadTopics(roomId);
}

function threadTopics(roomId: string): Topic[] {
  return [`threads:${roomId}`, "rooms"];
}

interface Parts {
  readonly api: Pick<Api, "listThread" | "markThreadRead">;
  readonly model: Model;
  readonly topics: Topics;
  readonly markerRetry: Pick<ReadMarkerRetry, "sendThread">;
}

export function createThreads({ api, model, topics, markerRetry }: Parts) {
  /** What is being asked for, and one after the other: many threads may have grown at once. */
  const loading = new Map<string, Promise<void>>();
  let lastRequest: Promise<unknown> = Promise.resolve();
  const updateThread = (thread: Thread) => {
    const view = model.rooms.get(thread.root.roomId);
    if (view) topics.invalidate([...applyThread(view, thread, model.me.id), ...removeStored(model, thread.messages)]);
  };
  const loadThread = (roomId: string, seq: number): Promise<void> => {
    const name = `${roomId}:${seq}`;
    const current = loading.get(name);
    if (current) return current;
    const request = lastRequest.then(() => api.listThread(roomId, seq, undefined, NEWEST_REPLIES)).then(updateThread);
    // Lost, the next answer asks again.
    lastRequest = request.catch(() => undefined).then(() => loading.delete(name));
    loading.set(name, request);
    return request;
  };
  return {
    /** Whether a message's thread has unread answers for the user. */
    isThreadUnread({ roomId, seq, thread }: Message): boolean {
      topics.track(`threads:${roomId}`);
      const threads = model.rooms.get(roomId)?.threads;
      if (!threads || !thread) return false;
      // Only while the server has counted some that are not found yet.
      if (!threads.unread.has(seq) && mayBeCounted(threads, seq)) loadThread(roomId, seq).catch(() => undefined);
      return threads.unread.has(seq);
    },
    updateThread: updateThread,
    /** An answer has come: whether the user follows its thread. What is not known here, the server is asked for, once. */
    async loadFollowsThread(message: Message): Promise<boolean> {
      const { roomId, threadSeq } = message;
      const view = () => model.rooms.get(roomId);
      const now = view();
      if (!now) return false;
      const isKnownFollower = followsThread(now, threadSeq, model.me.id);
      // It may be one of those that the server has counted; then it must not count twice.
      const isUncertain = isKnownFollower === undefined || (isKnownFollower && mayBeCounted(now.threads, threadSeq));
      if (isUncertain) await loadThread(roomId, threadSeq).catch(() => undefined);
      const then = view();
      if (!then || !followsThread(then, threadSeq, model.me.id)) return false;
      // When it came that was not known; the root may have come after it.
      topics.invalidate(applyThreadReply(then, message, model.me.id));
      return true;
    },
    markThreadRead(roomId: string, threadSeq: number, seq: number): void {
      topics.invalidate(applyThreadRead(model, roomId, threadSeq, seq));
      markerRetry.sendThread(roomId, threadSeq, () => api.markThreadRead(roomId, threadSeq, seq));
    },
  };
}
