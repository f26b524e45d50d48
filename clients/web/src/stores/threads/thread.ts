// A thread that is open: its newest answers, read anew when there are others,
// and as many older ones as were asked for.

import { createEffect, createMemo, createSignal, on, onCleanup, type Accessor } from "solid-js";

import type { Message, Thread } from "../../domain/types";
import type { Chat } from "../chat";

/** Several changes at once are read once. */
const DEBOUNCE_MS = 60;
/** As many as the server gives at once, to get to an answer that lies far back. */
const MAX_REPLIES_PER_PAGE = 200;

/** `reads`: whether the user looks at the newest answer. */
export function createThread(chat: Chat, roomId: string, seq: number, isReading: Accessor<boolean>) {
  const [thread, setThread] = createSignal<Thread>();
  const [failure, setFailure] = createSignal<unknown>();
  /** Answers of others after this position were new when the thread was opened. */
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

  /** Whether older ones than the oldest have come; `about` is called when they are about to. */
  async function loadOlder(count = 0, beforeInsert?: () => void): Promise<boolean> {
    const first = thread()?.messages[0]?.seq;
    if (first === undefined) return false;
    const page = await chat.api.listThread(roomId, seq, first, count);
    const now = thread();
    // What came in the meantime stays; if the oldest is another now, there would be a hole.
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

  /** As it was read, or newer as the room's log has told. What did not change stays the same object, and its row as it is. */
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
  // What comes while nobody looks at it is not read by that.
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
    /** The first answer that was new when the thread was opened. */
    firstNew: createMemo((): number | undefined => {
      const now = thread();
      if (!now || newAfter === undefined) return undefined;
      const after = newAfter;
      return now.messages.find((it) => it.seq > after && it.senderId !== chat.me().id)?.seq;
    }),
    /** Reads on till an answer is there, however far back it is. */
    async loadUntil(answer: number): Promise<void> {
      while (thread()?.hasOlder && (thread()?.messages[0]?.seq ?? 0) > answer && (await loadOlder(MAX_REPLIES_PER_PAGE)));
    },
  };
}

/** With the newest page as it is now; of older ones stays what was read, if nothing is missing between. */
function mergePages(before: Thread, page: Thread): Thread {
  const first = page.messages[0]?.seq ?? 0;
  const isContiguous = page.hasOlder && (before.messages.at(-1)?.seq ?? 0) >= first;
  const older = isContiguous ? before.messages.filter(({ seq }) => seq < first) : [];
  return { ...page, messages: [...older, ...page.messages], hasOlder: older.length ? before.hasOlder : page.hasOlder };
}
