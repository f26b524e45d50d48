import { For, Show, createEffect, createSignal, on, onCleanup } from "solid-js";

import type { Message, Thread } from "../../nouns";
import { useChat } from "../../state/chat";
import { explain, t } from "../i18n";
import { Panel } from "../room/Panel";
import { useRoom } from "../room/tools";
import { MessageRowView } from "../timeline/MessageRow";
import { ThreadComposer } from "./ThreadComposer";

const SETTLE_MS = 60;

/** A message and the answers in its thread. */
export default function ThreadPanel(props: { seq: number; over: boolean; onClose: () => void }) {
  const chat = useChat();
  const { roomId } = useRoom();
  const [thread, setThread] = createSignal<Thread>();
  const [failure, setFailure] = createSignal<unknown>();
  let end!: HTMLDivElement;
  let turn = 0;

  async function read(): Promise<void> {
    const mine = ++turn;
    try {
      const page = await chat.api.listThread(roomId, props.seq, undefined);
      if (mine !== turn) return;
      setFailure(undefined);
      setThread(page);
      queueMicrotask(() => end.scrollIntoView({ block: "end" }));
      const last = page.messages.at(-1);
      // Told again by the next answer if it is lost.
      if (last) chat.api.markThreadRead(roomId, props.seq, last.seq).catch(() => undefined);
    } catch (error) {
      if (mine === turn) setFailure(error);
    }
  }
  createEffect(
    on([() => props.seq, () => chat.threadTouched(roomId, props.seq), () => chat.connection().kind === "live"], () => {
      const timer = setTimeout(() => void read(), SETTLE_MS);
      onCleanup(() => clearTimeout(timer));
    }),
  );
  async function older(): Promise<void> {
    const now = thread();
    const page = await chat.api.listThread(roomId, props.seq, now?.messages[0]?.seq).catch(() => undefined);
    if (now && page) setThread({ ...now, messages: [...page.messages, ...now.messages], hasOlder: page.hasOlder });
  }

  /** As it was read, or newer as the room's log has told. */
  const newest = (message: Message) => {
    const known = chat.message(roomId, message.seq);
    return known && known.changedSeq > message.changedSeq ? known : message;
  };
  const row = (message: Message) => ({
    kind: "message" as const,
    key: String(message.seq),
    message: newest(message),
    mine: message.senderId === chat.me().id,
    first: true,
    day: undefined,
    line: false,
  });

  return (
    <Panel title={t("thread")} class="thread" over={props.over} onClose={props.onClose}>
      <div class="thread-scroll" role="log" aria-label={t("thread")} aria-live="off" tabIndex={0}>
        <Show when={failure()}>{(error) => <p class="members-none">{explain(error())}</p>}</Show>
        <Show when={thread()}>
          {(now) => (
            <>
              <MessageRowView row={row(now().root)} flash={false} inThread />
              <p class="thread-count">{t("replies", { count: now().messages.length })}</p>
              <Show when={now().hasOlder}>
                <button type="button" class="link members-none" onClick={() => void older()}>
                  {t("more")}
                </button>
              </Show>
              <For each={now().messages}>{(message) => <MessageRowView row={row(message)} flash={false} inThread />}</For>
            </>
          )}
        </Show>
        <div ref={end} />
      </div>
      <Show when={chat.rights(roomId).write}>
        <ThreadComposer onSend={(text) => chat.send(roomId, text, { threadSeq: props.seq })} />
      </Show>
    </Panel>
  );
}
