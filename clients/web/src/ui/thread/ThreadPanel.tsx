import { For, Show, createEffect, createMemo, createSignal, on } from "solid-js";

import type { Message } from "../../domain/types";
import { useChat } from "../../stores/chat";
import { createThread } from "../../stores/threads/thread";
import { Composer } from "../composer/Composer";
import { counted } from "../i18n/format-values";
import { explain, t } from "../i18n";
import { createAttentive } from "../shared/window-focus";
import { createKeyed } from "../shared/keyed";
import { attempt } from "../shared/toast";
import { restWhenGone } from "../room/cancel-when-deleted";
import { Panel } from "../room/Panel";
import { RoomToolsProvider, useRoom, type RoomTools } from "../room/room-context";
import { createFlash } from "../timeline/flash";
import { focusRow, stepThrough } from "../timeline/arrow-navigation";
import { MessageRowView } from "../timeline/MessageRow";
import { NewRow } from "../timeline/SystemRows";
import { WaitingRowView } from "../timeline/OutboxRow";
import { createPlace } from "./scroll-anchor";

export interface Sought {
  readonly seq: number;
}

/** A message and the answers in its thread; of another thread it is made anew. `sought`: an answer to go to. */
export default function ThreadPanel(props: { seq: number; sought: Sought | undefined; over: boolean; onClose: () => void }) {
  const chat = useChat();
  const room = useRoom();
  const { roomId } = room;
  const { seq } = props;
  const attentive = createAttentive();
  const [seeking, setSeeking] = createSignal(props.sought !== undefined);
  const { shines, start: startFlash } = createFlash();
  const thread = createThread(chat, roomId, seq, () => attentive() && !seeking() && place.atEnd());
  const place = createPlace();

  /** Brings an answer into sight; whether it is in this thread. */
  function show(answer: number): boolean {
    const row = place.show(answer);
    if (!row) return false;
    startFlash(answer);
    focusRow(row.querySelector(".msg"));
    return true;
  }

  async function seek(answer: number): Promise<void> {
    setSeeking(true);
    await attempt(thread.loadUntil(answer));
    show(answer);
    setSeeking(false);
  }
  const loaded = createMemo(() => thread.root() !== undefined);
  createEffect(on([() => props.sought, loaded], ([sought, here]) => sought && here && void seek(sought.seq)));

  /** What is written here stays here. */
  const draft = `${roomId}/${seq}`;
  const tools: RoomTools = { ...room, begun: () => chat.composer(draft), jump: (to) => show(to) || room.jump(to) };
  restWhenGone(chat, tools.begun);
  // At this position there is something else now.
  createEffect(on(chat.storeResets, () => props.onClose(), { defer: true }));

  // Whoever writes sees what they have written.
  createEffect(on(() => thread.pendingReplies().length, (count, before = 0) => (count > before && queueMicrotask(place.toEnd), count)));

  const row = (message: Message) => ({
    kind: "message" as const,
    key: String(message.seq),
    message,
    mine: message.senderId === chat.me().id,
    first: true,
    day: undefined,
    startsNew: false,
  });
  const answers = createKeyed(thread.replies, ({ seq }) => seq);
  const waiting = createKeyed(thread.pendingReplies, ({ message }) => message.clientMessageId);
  const lastOwn = () => thread.replies().findLast(chat.mayEdit);

  return (
    <RoomToolsProvider value={tools}>
      <Panel title={t("thread")} class="thread" over={props.over} onClose={props.onClose}>
        <div
          ref={place.ref}
          class="thread-scroll"
          role="log"
          aria-label={t("thread")}
          aria-live="off"
          tabIndex={0}
          onKeyDown={(event) => stepThrough(event.currentTarget, event)}
          onScroll={place.scrolled}
        >
          <div ref={place.contentRef}>
            <Show when={thread.failure()}>
              {(error) => (
                <p class="members-none">
                  {explain(error())}{" "}
                  <button type="button" class="link" onClick={thread.retry}>
                    {t("tryAgain")}
                  </button>
                </p>
              )}
            </Show>
            <Show when={thread.root()}>
              {(root) => (
                <>
                  <MessageRowView row={row(root())} flash={false} inThread />
                  <p class="thread-count">{t("replies", { count: counted(root().thread?.replies ?? thread.replies().length, root().thread?.more) })}</p>
                  <Show when={thread.hasOlder()}>
                    <button type="button" class="link members-none" onClick={() => void attempt(thread.loadOlder(0, place.hold)).then(place.keep)}>
                      {t("more")}
                    </button>
                  </Show>
                  <For each={answers.keys()}>
                    {(seq) => {
                      const message = answers.at(seq);
                      return (
                        <div data-seq={seq}>
                          <Show when={thread.firstNew() === seq}>
                            <NewRow />
                          </Show>
                          <MessageRowView row={row(message())} flash={shines(seq)} inThread />
                        </div>
                      );
                    }}
                  </For>
                  <For each={waiting.keys()}>
                    {(key) => {
                      const entry = waiting.at(key);
                      return <WaitingRowView row={{ kind: "waiting", key, entry: entry(), first: true, day: undefined, startsNew: false }} />;
                    }}
                  </For>
                </>
              )}
            </Show>
          </div>
        </div>
        <Show when={chat.permissions(roomId).write && thread.root()?.content.kind !== "deleted"}>
          <Composer
            class="thread-composer"
            label={t("threadReply")}
            draft={draft}
            lastOwn={lastOwn}
            onSend={(text, replyTo, attachmentIds) => chat.send(roomId, text, { threadSeq: seq, replyTo, attachmentIds })}
          />
        </Show>
      </Panel>
    </RoomToolsProvider>
  );
}
