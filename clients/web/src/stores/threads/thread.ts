// An open thread: its newest replies, loaded again when they change, and the older
// ones that were requested.

import { createEffect, createMemo, createSignal, on, onCleanup, type Accessor } from "solid-js";

import type { Message, Thread } from "../../domain/types";
import type { Chat } from "../chat";

/** Several changes within this time are loaded once. */
const DEBOUNCE_MS = 60;
/** The largest page of the server, used to reach a reply far back. */
const MAX_REPLIES_PER_PAGE = 200;

/** `isReading`: whether the newest reply is in view. */
export function createThread(chat: Chat, roomId: string, seq: number, isReading: Accessor<boolean>) {
  const [thread, setThread] = createSignal<Thread>();
  const [failure, setFailure] = createSignal<unknown>();
  /** Replies of others after this position were new when the thread was opened. */
  let newAfter: number | undefined;
  let requestId = 0;

  async function load(): Promise<void> {
    const ownId = ++requestId;
    try {
      const page = await chat.api.listThread(roomId, seq, undefined);
      if (ownId !== requestId) return;
      const before = thread();
      if (!before && page.following && page.readSeq) newAfter = page.readSeq;
      chat.updateThread(page);
      setFailure(undefined);
      setThread(before ? mergePages(before, page) : page);
    } catch (error) {
      if (ownId === requestId) setFailure(error);
    }
  }

  /** Loads older replies. Returns whether there were any; `beforeInsert` is called right before they are added. */
  async function loadOlder(count = 0, beforeInsert?: () => void): Promise<boolean> {
    const first = thread()?.messages[0]?.seq;
    if (first === undefined) return false;
    const page = await chat.api.listThread(roomId, seq, first, count);
    const now = thread();
    // New replies stay. If the oldest one has changed meanwhile, there would be a gap.
    if (!now || now.messages[0]?.seq !== first) return false;
    beforeInsert?.();
    setThread({ ...now, messages: [...page.messages, ...now.messages], hasOlder: page.hasOlder });
    return page.messages.length > 0;
  }

  createEffect(
    on([() => chat.trackThread(roomId, seq), () => chat.connection().kind === "live"], () => {
      const timer = setTimeout(() => void load(), DEBOUNCE_MS);
      onCleanup(() => clearTimeout(timer));
    }),
  );
  onCleanup(() => (requestId = -1));

  /** The newest known state. What did not change stays the same object, and its row is not drawn again. */
  const newest = (before: Message | undefined, message: Message): Message =>
    chat.newest(before && before.changedSeq >= message.changedSeq ? before : message);
  const root = createMemo<Message | undefined>((before) => {
    const now = thread()?.root;
    return now && newest(before, now);
  });
  const replies = createMemo<readonly Message[]>((before) => {
    const shownReplies = new Map(before.map((it) => [it.seq, it]));
    return (thread()?.messages ?? []).map((it) => newest(shownReplies.get(it.seq), it));
  }, []);

  const last = createMemo(() => thread()?.messages.at(-1)?.seq ?? 0);
  let markedSeq = 0;
  // Replies are not marked as read while the user is not reading.
  createEffect(() => {
    if (!isReading() || last() <= markedSeq) return;
    markedSeq = last();
    chat.markThreadRead(roomId, seq, markedSeq);
  });

  return {
    failure,
    retry: () => void load(),
    root,
    replies,
    hasOlder: () => thread()?.hasOlder ?? false,
    loadOlder,
    pendingReplies: createMemo(() => chat.outbox().filter(({ message }) => message.roomId === roomId && message.threadSeq === seq)),
    /** The first reply that was new when the thread was opened. */
    firstNew: createMemo((): number | undefined => {
      const now = thread();
      if (!now || newAfter === undefined) return undefined;
      const after = newAfter;
      return now.messages.find((it) => it.seq > after && it.senderId !== chat.me().id)?.seq;
    }),
    /** Loads older replies until this one is there. */
    async loadUntil(answer: number): Promise<void> {
      while (thread()?.hasOlder && (thread()?.messages[0]?.seq ?? 0) > answer && (await loadOlder(MAX_REPLIES_PER_PAGE)));
    },
  };
}

/** Replaces the newest page, and keeps older replies if nothing is missing between. */
function mergePages(before: Thread, page: Thread): Thread {
  const first = page.messages[0]?.seq ?? 0;
  const isContiguous = page.hasOlder && (before.messages.at(-1)?.seq ?? 0) >= first;
  const older = isContiguous ? before.messages.filter(({ seq }) => seq < first) : [];
  return { ...page, messages: [...older, ...page.messages], hasOlder: older.length ? before.hasOlder : page.hasOlder };
}
