import { For, Show, createEffect, on } from "solid-js";

import type { Message } from "../../nouns";
import { useChat } from "../../state/chat";
import { createThread } from "../../state/thread";
import { Composer } from "../composer/Composer";
import { explain, t } from "../i18n";
import { createAttentive } from "../kit/attentive";
import { Panel } from "../room/Panel";
import { RoomToolsProvider, useRoom, type RoomTools } from "../room/tools";
import { MessageRowView } from "../timeline/MessageRow";
import { NewRow } from "../timeline/NoteRows";
import { WaitingRowView } from "../timeline/WaitingRow";

/** A message and the answers in its thread. */
export default function ThreadPanel(props: { seq: number; over: boolean; onClose: () => void }) {
  const chat = useChat();
  const room = useRoom();
  const { roomId } = room;
  const thread = createThread(chat, roomId, () => props.seq, createAttentive());
  const draft = () => `${roomId}/${props.seq}`;
  let list!: HTMLDivElement;

  /** What is written here stays here. */
  const tools: RoomTools = {
    ...room,
    begun: () => chat.begun(draft()),
    jump: (seq) => {
      const row = list.querySelector(`[data-seq="${seq}"]`);
      if (row) row.scrollIntoView({ block: "center" });
      else room.jump(seq);
    },
  };

  // The newest answer is in sight, also one that is on its way.
  createEffect(
    on([() => thread.answers().at(-1)?.seq, () => thread.waiting().length], () =>
      queueMicrotask(() => list.scrollTo({ top: list.scrollHeight })),
    ),
  );

  const row = (message: Message) => ({
    kind: "message" as const,
    key: String(message.seq),
    message,
    mine: message.senderId === chat.me().id,
    first: true,
    day: undefined,
    line: false,
  });
  const lastOwn = () => thread.answers().findLast(chat.mayEdit);

  return (
    <RoomToolsProvider value={tools}>
      <Panel title={t("thread")} class="thread" over={props.over} onClose={props.onClose}>
        <div ref={list} class="thread-scroll" role="log" aria-label={t("thread")} aria-live="off" tabIndex={0}>
          <Show when={thread.failure()}>{(error) => <p class="members-none">{explain(error())}</p>}</Show>
          <Show when={thread.root()}>
            {(root) => (
              <>
                <MessageRowView row={row(root())} flash={false} inThread />
                <p class="thread-count">{t("replies", { count: root().thread?.replies ?? thread.answers().length })}</p>
                <Show when={thread.hasOlder()}>
                  <button type="button" class="link members-none" onClick={() => void thread.older()}>
                    {t("more")}
                  </button>
                </Show>
                <For each={thread.answers()}>
                  {(message) => (
                    <div data-seq={message.seq}>
                      <Show when={thread.firstNew() === message.seq}>
                        <NewRow />
                      </Show>
                      <MessageRowView row={row(message)} flash={false} inThread />
                    </div>
                  )}
                </For>
                <For each={thread.waiting()}>
                  {(entry) => (
                    <WaitingRowView row={{ kind: "waiting", key: entry.message.clientMessageId, entry, first: true, day: undefined, line: false }} />
                  )}
                </For>
              </>
            )}
          </Show>
        </div>
        <Show when={chat.rights(roomId).write}>
          <Show when={props.seq} keyed>
            {(seq) => (
              <Composer
                class="thread-composer"
                label={t("threadReply")}
                draft={draft()}
                lastOwn={lastOwn}
                onSend={(text, replyTo, attachmentIds) => chat.send(roomId, text, { threadSeq: seq, replyTo, attachmentIds })}
              />
            )}
          </Show>
        </Show>
      </Panel>
    </RoomToolsProvider>
  );
}
