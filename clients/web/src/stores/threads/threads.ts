// Which threads of a room have answers that the user has not read.

import type { Api } from "../../api/calls";
import type { Message, Thread } from "../../domain/types";
import type { Topic } from "../model/apply";
import type { Model, RoomView } from "../model/model";
import type { Topics } from "../model/topics";
import type { Untold } from "../reading/read-marker-retry";
import { stored } from "../outbox/outbox-view";

/** As many of a thread's newest answers are looked at to find an unread one. */
const LOOKED_AT = 20;

export interface ThreadMarks {
  /** Threads with unread answers that only the server has counted, up to a position. */
  counted: number;
  upTo: number;
  /** The newest unread answer of each thread that has one, as far as it is known. */
  readonly unread: Map<number, number>;
  /** Up to where threads were read, as far as it was told. */
  readonly read: Map<number, number>;
  /** Threads of which it is known that they are none of those that only the server has counted. */
  readonly found: Set<number>;
  /** Whether the user follows a thread, as far as it is known. */
  readonly follows: Map<number, boolean>;
  /** Whether what is counted may be wrong, and whether the server is being asked. */
  doubt: "none" | "some" | "asked";
}

/** Who follows a thread goes on with that, whatever else is forgotten. */
export const threadMarks = (counted: number, upTo: number, follows = new Map<number, boolean>()): ThreadMarks => ({
  counted,
  upTo,
  unread: new Map(),
  read: new Map(),
  found: new Set(),
  follows,
  doubt: "none",
});

/** Whether a thread that the user follows has unread answers. */
export const anyUnread = ({ counted, unread }: ThreadMarks) => counted > 0 || unread.size > 0;

/** Whether a thread may be one of those that only the server has counted. */
const mayBeCounted = ({ counted, upTo, found }: ThreadMarks, thread: number) => counted > 0 && thread <= upTo && !found.has(thread);

/** Whoever wrote the root, answered or was called there follows a thread; undefined if that is not known here. */
export function followsThread({ messages, threads: { follows } }: RoomView, threadSeq: number, me: string): boolean | undefined {
  const byMe = ({ senderId, mentions }: Message) => senderId === me || mentions.some(({ userId }) => userId === me);
  const known = follows.get(threadSeq);
  if (known !== undefined) return known;
  let found = messages.get(threadSeq)?.senderId === me;
  for (const it of messages.values()) found ||= it.threadSeq === threadSeq && byMe(it);
  if (!found) return undefined;
  follows.set(threadSeq, true);
  return true;
}

/** An answer has come. */
export function threadGrew(view: RoomView, { roomId, seq, threadSeq, senderId, mentions }: Message, me: string): Topic[] {
  const { unread, read, follows } = view.threads;
  if (senderId === me || mentions.some(({ userId }) => userId === me)) follows.set(threadSeq, true);
  if (senderId === me || view.apart.has(senderId) || seq <= (read.get(threadSeq) ?? 0) || !followsThread(view, threadSeq, me)) return [];
  unread.set(threadSeq, Math.max(unread.get(threadSeq) ?? 0, seq));
  return topics(roomId);
}

/** A thread was looked at, as the server keeps it. */
export function threadTold(view: RoomView, { root, messages, following, readSeq }: Thread, me: string): Topic[] {
  const { threads } = view;
  const at = Math.max(threads.read.get(root.seq) ?? 0, readSeq);
  threads.read.set(root.seq, at);
  threads.follows.set(root.seq, following);
  const isNews = ({ seq, senderId, content }: Message) => seq > at && senderId !== me && !view.apart.has(senderId) && content.kind === "text";
  const news = messages.filter(isNews);
  const [first] = news;
  const last = following ? news.at(-1) : undefined;
  // It is one of those that the server has counted; later ones are counted here.
  if (first && last && first.seq <= threads.upTo && mayBeCounted(threads, root.seq)) threads.counted -= 1;
  threads.found.add(root.seq);
  if (last) threads.unread.set(root.seq, Math.max(threads.unread.get(root.seq) ?? 0, last.seq));
  else if ((threads.unread.get(root.seq) ?? Infinity) <= at) threads.unread.delete(root.seq);
  else return [];
  return topics(root.roomId);
}

/**
 * The user has read a thread, here or on another device; marks never move
 * backwards. A stream that resumes tells all of them again.
 */
export function threadRead(model: Model, roomId: string, threadSeq: number, seq: number): Topic[] {
  const threads = model.rooms.get(roomId)?.threads;
  if (!threads || seq <= (threads.read.get(threadSeq) ?? 0)) return [];
  threads.read.set(threadSeq, seq);
  // Whether it was one of those that the server has counted, and is none any more, cannot be known here.
  if (threads.doubt === "asked" || mayBeCounted(threads, threadSeq)) threads.doubt = "some";
  if ((threads.unread.get(threadSeq) ?? Infinity) > seq) return [];
  threads.unread.delete(threadSeq);
  return topics(roomId);
}

function topics(roomId: string): Topic[] {
  return [`threads:${roomId}`, "rooms"];
}

interface Parts {
  readonly api: Pick<Api, "listThread" | "markThreadRead">;
  readonly model: Model;
  readonly topics: Topics;
  readonly untold: Pick<Untold, "tellThread">;
}

export function createThreads({ api, model, topics, untold }: Parts) {
  /** What is being asked for, and one after the other: many threads may have grown at once. */
  const asked = new Map<string, Promise<void>>();
  let turn: Promise<unknown> = Promise.resolve();
  const told = (thread: Thread) => {
    const view = model.rooms.get(thread.root.roomId);
    if (view) topics.touch([...threadTold(view, thread, model.me.id), ...stored(model, thread.messages)]);
  };
  const ask = (roomId: string, seq: number): Promise<void> => {
    const name = `${roomId}:${seq}`;
    const under = asked.get(name);
    if (under) return under;
    const answer = turn.then(() => api.listThread(roomId, seq, undefined, LOOKED_AT)).then(told);
    // Lost, the next answer asks again.
    turn = answer.catch(() => undefined).then(() => asked.delete(name));
    asked.set(name, answer);
    return answer;
  };
  return {
    /** Whether a message's thread has unread answers for the user. */
    threadUnread({ roomId, seq, thread }: Message): boolean {
      topics.track(`threads:${roomId}`);
      const threads = model.rooms.get(roomId)?.threads;
      if (!threads || !thread) return false;
      // Only while the server has counted some that are not found yet.
      if (!threads.unread.has(seq) && mayBeCounted(threads, seq)) ask(roomId, seq).catch(() => undefined);
      return threads.unread.has(seq);
    },
    threadTold: told,
    /** An answer has come: whether the user follows its thread. What is not known here, the server is asked for, once. */
    async follows(message: Message): Promise<boolean> {
      const { roomId, threadSeq } = message;
      const view = () => model.rooms.get(roomId);
      const now = view();
      if (!now) return false;
      const known = followsThread(now, threadSeq, model.me.id);
      // It may be one of those that the server has counted; then it must not count twice.
      const unsure = known === undefined || (known && mayBeCounted(now.threads, threadSeq));
      if (unsure) await ask(roomId, threadSeq).catch(() => undefined);
      const then = view();
      if (!then || !followsThread(then, threadSeq, model.me.id)) return false;
      // When it came that was not known; the root may have come after it.
      topics.touch(threadGrew(then, message, model.me.id));
      return true;
    },
    readThread(roomId: string, threadSeq: number, seq: number): void {
      topics.touch(threadRead(model, roomId, threadSeq, seq));
      untold.tellThread(roomId, threadSeq, () => api.markThreadRead(roomId, threadSeq, seq));
    },
  };
}
