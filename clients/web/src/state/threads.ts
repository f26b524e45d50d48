// Which threads of a room have answers that the user has not read.

import type { Api } from "../api/calls";
import type { Message, Thread } from "../nouns";
import type { Topic } from "./apply";
import type { Model, RoomView } from "./model";
import { followsThread } from "./notify";
import type { Topics } from "./topics";

/** As many of a thread's newest answers are looked at to find an unread one. */
const LOOKED_AT = 20;

export interface ThreadMarks {
  /** Threads with unread answers that only the server has counted. */
  counted: number;
  readonly unread: Set<number>;
  /** Up to where threads were read, as far as it was told. */
  readonly read: Map<number, number>;
}

export const threadMarks = (counted: number): ThreadMarks => ({ counted, unread: new Set(), read: new Map() });

/** Whether a thread that the user follows has unread answers. */
export const anyUnread = ({ counted, unread }: ThreadMarks) => counted > 0 || unread.size > 0;

/** An answer has come. */
export function threadGrew(view: RoomView, { roomId, seq, threadSeq, senderId, mentions }: Message, me: string): Topic[] {
  const { unread, read } = view.threads;
  if (senderId === me || seq <= (read.get(threadSeq) ?? 0)) return [];
  if (!followsThread(view, threadSeq, me) && !mentions.some(({ userId }) => userId === me)) return [];
  unread.add(threadSeq);
  return topics(roomId);
}

/** A thread was looked at, as the server keeps it. */
export function threadTold(view: RoomView, { root, messages, following, readSeq }: Thread, me: string): Topic[] {
  const { threads } = view;
  const known = threads.read.get(root.seq) ?? 0;
  const at = Math.max(known, readSeq);
  threads.read.set(root.seq, at);
  const news = messages.some(({ seq, senderId, content }) => seq > at && senderId !== me && content.kind === "text");
  if (!following || !news || threads.unread.has(root.seq)) return [];
  threads.unread.add(root.seq);
  threads.counted = Math.max(threads.counted - 1, 0);
  return topics(root.roomId);
}

/** The user has read a thread, here or on another device; marks never move backwards. */
export function threadRead(model: Model, roomId: string, threadSeq: number, seq: number): Topic[] {
  const view = model.rooms.get(roomId);
  if (!view) return [];
  const { threads } = view;
  const told = threads.read.has(threadSeq);
  threads.read.set(threadSeq, Math.max(threads.read.get(threadSeq) ?? 0, seq));
  if (!threads.unread.delete(threadSeq)) {
    // It may be one of those that the server has counted.
    if (told || !threads.counted) return [];
    threads.counted -= 1;
  }
  return topics(roomId);
}

function topics(roomId: string): Topic[] {
  return [`threads:${roomId}`, "rooms"];
}

interface Parts {
  readonly api: Pick<Api, "listThread" | "markThreadRead">;
  readonly model: Model;
  readonly topics: Topics;
}

export function createThreads({ api, model, topics }: Parts) {
  const asked = new Set<string>();
  const told = (thread: Thread) => {
    const view = model.rooms.get(thread.root.roomId);
    if (view) topics.touch(threadTold(view, thread, model.me.id));
  };
  return {
    /** Whether a message's thread has unread answers for the user. */
    threadUnread({ roomId, seq, thread }: Message): boolean {
      topics.track(`threads:${roomId}`);
      const threads = model.rooms.get(roomId)?.threads;
      if (!threads || !thread) return false;
      const name = `${roomId}:${seq}`;
      const known = threads.unread.has(seq) || threads.read.has(seq);
      // Only while the server has counted some that are not found yet.
      if (!known && threads.counted && !asked.has(name)) {
        asked.add(name);
        api.listThread(roomId, seq, undefined, LOOKED_AT).then(told, () => asked.delete(name));
      }
      return threads.unread.has(seq);
    },
    threadTold: told,
    readThread(roomId: string, threadSeq: number, seq: number): void {
      topics.touch(threadRead(model, roomId, threadSeq, seq));
      // Told again by the next answer if it is lost.
      api.markThreadRead(roomId, threadSeq, seq).catch(() => undefined);
    },
  };
}
