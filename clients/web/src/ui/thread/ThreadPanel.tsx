import { For, Show, createEffect, createMemo, createSignal, on } from "solid-js";

import type { Message } from "../../domain/types";
import { useChat } from "../../stores/chat";
import { createThread } from "../../stores/threads/thread";
import { Composer } from "../composer/Composer";
import { countParam } from "../i18n/format-values";
import { explain, t } from "../i18n";
import { createWindowFocus } from "../shared/window-focus";
import { createKeyed } from "../shared/keyed";
import { attempt } from "../shared/toast";
import { cancelWhenDeleted } from "../room/cancel-when-deleted";
import { Panel } from "../room/Panel";
import { RoomContextProvider, useRoom, type RoomContext } from "../room/room-context";
import { createFlash } from "../timeline/flash";
import { focusRow, navigateByArrow } from "../timeline/arrow-navigation";
import { MessageRowView } from "../timeline/MessageRow";
import { NewRow } from "../timeline/SystemRows";
import { OutboxRowView } from "../timeline/OutboxRow";
import { createScrollAnchor } from "./scroll-anchor";

export interface ThreadTarget {
  readonly seq: number;
}

/** A message and the answers in its thread; of another thread it is made anew. `sought`: an answer to go to. */
export default function ThreadPanel(props: { seq: number; target: ThreadTarget | undefined; over: boolean; onClose: () => void }) {
  const chat = useChat();
  const room = useRoom();
  const { roomId } = room;
  const { seq } = props;
  const isFocused = createWindowFocus();
  const [isSeeking, setSeeking] = createSignal(props.target !== undefined);
  const { isFlashing, start: startFlash } = createFlash();
  const thread = createThread(chat, roomId, seq, () => isFocused() && !isSeeking() && anchor.atEnd());
  const anchor = createScrollAnchor();

  /** Brings an answer into sight; whether it is in this thread. */
  function show(answer: number): boolean {
    const row = anchor.scrollToReply(answer);
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
  createEffect(on([() => props.target, loaded], ([target, isLoaded]) => target && isLoaded && void seek(target.seq)));

  /** What is written here stays here. */
  const draft = `${roomId}/${seq}`;
  const context: RoomContext = { ...room, composer: () => chat.composer(draft), jump: (to) => show(to) || room.jump(to) };
  cancelWhenDeleted(chat, context.composer);
  // At this position there is something else now.
  createEffect(on(chat.storeResets, () => props.onClose(), { defer: true }));

  // Whoever writes sees what they have written.
  createEffect(on(() => thread.pendingReplies().length, (count, before = 0) => (count > before && queueMicrotask(anchor.scrollToEnd), count)));

  const row = (message: Message) => ({
    kind: "message" as const,
    key: String(message.seq),
    message,
    isOwn: message.senderId === chat.me().id,
    first: true,
    day: undefined,
    startsNew: false,
  });
  const replies = createKeyed(thread.replies, ({ seq }) => seq);
  const pendingReplies = createKeyed(thread.pendingReplies, ({ message }) => message.clientMessageId);
  const lastOwn = () => thread.replies().findLast(chat.mayEdit);

  return (
    <RoomContextProvider value={context}>
      <Panel title={t("thread")} class="thread" over={props.over} onClose={props.onClose}>
        <div
          ref={anchor.ref}
          class="thread-scroll"
          role="log"
          aria-label={t("thread")}
          aria-live="off"
          tabIndex={0}
          onKeyDown={(event) => navigateByArrow(event.currentTarget, event)}
          onScroll={anchor.onScroll}
        >
          <div ref={anchor.contentRef}>
            <Show when={thread.failure()}>
              {(error) => (
                <p class="panel-empty">
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
                  <p class="thread-count">{t("replies", { count: countParam(root().thread?.replies ?? thread.replies().length, root().thread?.more) })}</p>
                  <Show when={thread.hasOlder()}>
                    <button type="button" class="link panel-empty" onClick={() => void attempt(thread.loadOlder(0, anchor.saveAnchor)).then(anchor.restoreAnchor)}>
                      {t("more")}
                    </button>
                  </Show>
                  <For each={replies.keys()}>
                    {(seq) => {
                      const message = replies.at(seq);
                      return (
                        <div data-seq={seq}>
                          <Show when={thread.firstNew() === seq}>
                            <NewRow />
                          </Show>
                          <MessageRowView row={row(message())} flash={isFlashing(seq)} inThread />
                        </div>
                      );
                    }}
                  </For>
                  <For each={pendingReplies.keys()}>
                    {(key) => {
                      const entry = pendingReplies.at(key);
                      return <OutboxRowView row={{ kind: "outbox", key, entry: entry(), first: true, day: undefined, startsNew: false }} />;
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
    </RoomContextProvider>
  );
}
