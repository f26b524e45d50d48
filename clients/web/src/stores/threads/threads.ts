// Which threads of a room have replies that the user has not read.

import type { Api } from "../../api/calls";
import type { Message, Thread } from "../../domain/types";
import type { Topic } from "../model/apply";
import type { Model, RoomView } from "../model/model";
import type { Topics } from "../model/topics";
import type { ReadMarkerRetry } from "../reading/read-marker-retry";
import { removeStored } from "../outbox/outbox-view";

/** How many of a thread's newest replies are loaded to find an unread one. */
const NEWEST_REPLIES = 20;

export interface ThreadMarkers {
  /** How many threads with unread replies the server has counted up to `upTo`, without those in `unread`. */
  counted: number;
  upTo: number;
  /** The newest unread reply of each thread that is known to have one. */
  readonly unread: Map<number, number>;
  /** The read positions of threads, as far as they are known. */
  readonly read: Map<number, number>;
  /** Threads that are known not to be among those in `counted`. */
  readonly resolved: Set<number>;
  /** Whether the user follows a thread, as far as it is known. */
  readonly follows: Map<number, boolean>;
  /** Whether the count may be wrong, and whether it is being loaded again. */
  staleness: "none" | "some" | "asked";
}

/** The followed threads are kept when all else is reset. */
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

/** A user follows a thread whose root they wrote, or in which they replied or were mentioned; undefined if unknown here. */
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

/** Applies a new reply. */
export function applyThreadReply(view: RoomView, { roomId, seq, threadSeq, senderId, mentions }: Message, me: string): Topic[] {
  const { unread, read, follows } = view.threads;
  if (senderId === me || mentions.some(({ userId }) => userId === me)) follows.set(threadSeq, true);
  if (senderId === me || view.blockRelations.has(senderId) || seq <= (read.get(threadSeq) ?? 0) || !followsThread(view, threadSeq, me)) return [];
  unread.set(threadSeq, Math.max(unread.get(threadSeq) ?? 0, seq));
  return threadTopics(roomId);
}

/** Applies a thread as the server has sent it. */
export function applyThread(view: RoomView, { root, messages, following, readSeq }: Thread, me: string): Topic[] {
  const { threads } = view;
  const at = Math.max(threads.read.get(root.seq) ?? 0, readSeq);
  threads.read.set(root.seq, at);
  threads.follows.set(root.seq, following);
  const isUnread = ({ seq, senderId, content }: Message) => seq > at && senderId !== me && !view.blockRelations.has(senderId) && content.kind === "text";
  const unreadReplies = messages.filter(isUnread);
  const [first] = unreadReplies;
  const last = following ? unreadReplies.at(-1) : undefined;
  // The server has counted this thread; later ones are counted here.
  if (first && last && first.seq <= threads.upTo && mayBeCounted(threads, root.seq)) threads.counted -= 1;
  threads.resolved.add(root.seq);
  if (last) threads.unread.set(root.seq, Math.max(threads.unread.get(root.seq) ?? 0, last.seq));
  else if ((threads.unread.get(root.seq) ?? Infinity) <= at) threads.unread.delete(root.seq);
  else return [];
  return threadTopics(root.roomId);
}

/**
 * The user has read a thread, here or on another device. Markers never move
 * backwards. A stream that resumes sends all of them again.
 */
export function applyThreadRead(model: Model, roomId: string, threadSeq: number, seq: number): Topic[] {
  const threads = model.rooms.get(roomId)?.threads;
  if (!threads || seq <= (threads.read.get(threadSeq) ?? 0)) return [];
  threads.read.set(threadSeq, seq);
  // It is not known here whether the server had counted this thread.
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
  /** Requests that are under way. They are made one after the other, since many threads may grow at once. */
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
    // If it fails, the next reply loads it again.
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
      // Only while the server has counted threads that are not resolved yet.
      if (!threads.unread.has(seq) && mayBeCounted(threads, seq)) loadThread(roomId, seq).catch(() => undefined);
      return threads.unread.has(seq);
    },
    updateThread: updateThread,
    /** Whether the user follows the thread of a new reply. If that is not known here, the thread is loaded once. */
    async loadFollowsThread(message: Message): Promise<boolean> {
      const { roomId, threadSeq } = message;
      const view = () => model.rooms.get(roomId);
      const now = view();
      if (!now) return false;
      const isKnownFollower = followsThread(now, threadSeq, model.me.id);
      // The server may have counted this thread; it must not count twice.
      const isUncertain = isKnownFollower === undefined || (isKnownFollower && mayBeCounted(now.threads, threadSeq));
      if (isUncertain) await loadThread(roomId, threadSeq).catch(() => undefined);
      const then = view();
      if (!then || !followsThread(then, threadSeq, model.me.id)) return false;
      // When the reply came, this was not known; the root may have come later.
      topics.invalidate(applyThreadReply(then, message, model.me.id));
      return true;
    },
    markThreadRead(roomId: string, threadSeq: number, seq: number): void {
      topics.invalidate(applyThreadRead(model, roomId, threadSeq, seq));
      markerRetry.sendThread(roomId, threadSeq, () => api.markThreadRead(roomId, threadSeq, seq));
    },
  };
}
