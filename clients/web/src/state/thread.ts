// A thread that is open: its newest answers, read anew when there are others.

import { createEffect, createSignal, on, onCleanup, type Accessor } from "solid-js";

import type { Message, Thread } from "../nouns";
import type { Chat } from "./chat";

/** Several changes at once are read once. */
const SETTLE_MS = 60;

export function createThread(chat: Chat, roomId: string, seq: Accessor<number>, attentive: Accessor<boolean>) {
  const [thread, setThread] = createSignal<Thread>();
  const [failure, setFailure] = createSignal<unknown>();
  /** Answers of others after this position were new when the thread was opened. */
  const [newAfter, setNewAfter] = createSignal<number>();
  let turn = 0;

  async function read(): Promise<void> {
    const mine = ++turn;
    try {
      const page = await chat.api.listThread(roomId, seq(), undefined);
      if (mine !== turn) return;
      const before = thread();
      const opened = before?.root.seq !== page.root.seq;
      const first = page.messages[0]?.seq ?? 0;
      // What was read of older ones stays, if nothing is missing between.
      const whole = before && !opened && (!page.hasOlder || (before.messages.at(-1)?.seq ?? 0) >= first);
      const held = whole ? before.messages.filter((it) => it.seq < first) : [];
      chat.threadTold(page);
      setFailure(undefined);
      if (opened) setNewAfter(page.following && page.readSeq ? page.readSeq : undefined);
      setThread({ ...page, messages: [...held, ...page.messages], hasOlder: whole && held.length ? before.hasOlder : page.hasOlder });
    } catch (error) {
      if (mine === turn) setFailure(error);
    }
  }

  createEffect(
    on([seq, () => chat.threadTouched(roomId, seq()), () => chat.connection().kind === "live"], () => {
      const timer = setTimeout(() => void read(), SETTLE_MS);
      onCleanup(() => clearTimeout(timer));
    }),
  );
  onCleanup(() => (turn = -1));

  // What comes while nobody looks at the page is not read by that.
  createEffect(() => {
    const last = thread()?.messages.at(-1);
    if (attentive() && last) chat.readThread(roomId, seq(), last.seq);
  });

  /** As it was read, or newer as the room's log has told. */
  const newest = (message: Message): Message => {
    const known = chat.message(roomId, message.seq);
    return known && known.changedSeq > message.changedSeq ? known : message;
  };

  return {
    failure,
    root: (): Message | undefined => {
      const root = thread()?.root;
      return root && newest(root);
    },
    answers: () => (thread()?.messages ?? []).map(newest),
    hasOlder: () => thread()?.hasOlder ?? false,
    waiting: () => chat.outbox().filter(({ message }) => message.roomId === roomId && message.threadSeq === seq()),
    /** The first answer that was new when the thread was opened. */
    firstNew: (): number | undefined => {
      const after = newAfter();
      if (after === undefined) return undefined;
      return thread()?.messages.find((it) => it.seq > after && it.senderId !== chat.me().id)?.seq;
    },
    async older(): Promise<void> {
      const now = thread();
      const page = await chat.api.listThread(roomId, seq(), now?.messages[0]?.seq).catch(() => undefined);
      if (now && page) setThread({ ...now, messages: [...page.messages, ...now.messages], hasOlder: page.hasOlder });
    },
  };
}
