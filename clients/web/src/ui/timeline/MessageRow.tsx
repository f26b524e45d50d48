import { Match, Show, Suspense, Switch, createSignal, createUniqueId } from "solid-js";

import { useChat } from "../../stores/chat";
import type { MessageRow } from "../../stores/timeline/rows";
import { countParam, formatTime } from "../i18n/format-values";
import { t } from "../i18n";
import { Avatar } from "../shared/Avatar";
import { Icon } from "../shared/Icon";
import { lazy } from "../shared/lazy";
import { useRoom } from "../room/room-context";
import { Bubble } from "./Bubble";
import { ReceiptTicks } from "./ReceiptTicks";

/** Loaded after the messages, before the first one is hovered. */
const MessageActions = lazy(() => import("./MessageActions"));
const Reactions = lazy(() => import("./Reactions"));
const ReadCount = lazy(() => import("./ReadCount"));
const UndoButton = lazy(() => import("./UndoButton"));
setTimeout(() => [MessageActions, ReadCount, Reactions, UndoButton].forEach((it) => void it.preload()), 0);

export function MessageRowView(props: { row: MessageRow; flash: boolean; inThread?: boolean }) {
  const chat = useChat();
  const context = useRoom();
  const message = () => props.row.message;
  const sender = () => chat.user(message().senderId);
  const name = () => sender()?.displayName ?? "…";
  const time = () => formatTime(message().postedAt, "time");
  const isDeleting = () => chat.deletions.has(message().roomId, message().seq);
  const id = createUniqueId();
  /** Its actions are tab stops only while it has the focus. */
  const [active, setActive] = createSignal(false);
  /** Actions are rendered on demand, since most rows only scroll by. */
  const [isHovered, setHovered] = createSignal(false);
  return (
    <article
      class="msg"
      classList={{ "msg-mine": props.row.isOwn, "msg-first": props.row.first, "msg-flash": props.flash, "msg-active": active(), "msg-mention": chat.mentionsMe(message()) }}
      aria-label={`${name()}, ${time()}`}
      aria-describedby={id}
      tabIndex={-1}
      onPointerEnter={() => setHovered(true)}
      onPointerLeave={() => setHovered(false)}
      onFocusIn={() => setActive(true)}
      onFocusOut={(event) => {
        const to = event.relatedTarget;
        if (!(to instanceof Node && event.currentTarget.contains(to))) setActive(false);
      }}
    >
      <Show when={props.row.first && !props.row.isOwn}>
        <button
          type="button"
          class="msg-avatar"
          tabIndex={-1}
          aria-label={t("profileOf", { name: name() })}
          onClick={() => context.openUser(message().senderId)}
        >
          <Avatar id={message().senderId} name={sender()?.displayName ?? ""} photo={sender()?.photoId} />
        </button>
      </Show>
      <div class="msg-col">
        <Show when={props.row.first}>
          <header class="msg-head">
            <Show when={!props.row.isOwn}>
              <button
                type="button"
                class="msg-name"
                dir="auto"
                title={sender() && `@${sender()?.username}`}
                tabIndex={active() ? 0 : -1}
                onClick={() => context.openUser(message().senderId)}
              >
                {name()}
              </button>
              <Show when={chat.hasNameCollision(message().senderId)}>
                <bdi class="msg-username clip">@{sender()?.username}</bdi>
              </Show>
            </Show>
            <time title={formatTime(message().postedAt, "full")}>{time()}</time>
          </header>
        </Show>
        <Switch>
          <Match when={isDeleting()}>
            <p class="tombstone" id={id}>
              {t("messageDeleted")}{" "}
              <Suspense>
                <Show when={chat.deletions.undoableUntil(message().roomId, message().seq)}>
                  {(until) => <UndoButton message={message()} until={until()} focused={active()} />}
                </Show>
              </Suspense>
            </p>
          </Match>
          <Match when={message().content.kind === "deleted"}>
            <p class="tombstone" id={id}>
              {t("messageDeleted")}
            </p>
          </Match>
          <Match when={true}>
            <div class="msg-line">
              <Bubble id={id} message={message()} />
              <Show when={!props.inThread && props.row.isOwn && context.receiptSeqs()}>
                {(receiptSeqs) => <ReceiptTicks seq={message().seq} receiptSeqs={receiptSeqs()} />}
              </Show>
              <div class="msg-actions">
                <Suspense>
                  <Show when={active() || isHovered()}>
                    <MessageActions message={message()} active={active()} time={props.row.first ? undefined : time()} />
                  </Show>
                </Suspense>
              </div>
            </div>
            <Show when={message().reactions.length}>
              {/* The space is reserved before the reactions are loaded, so that nothing moves. */}
              <div class="reactions">
                <Suspense>
                  <Reactions message={message()} />
                </Suspense>
              </div>
            </Show>
          </Match>
        </Switch>
        {/* Replies stay when their root is deleted. */}
        <Show when={!props.inThread && message().thread?.replies ? message().thread : undefined}>
          {(thread) => (
            <button type="button" class="thread-link" onClick={() => context.openThread(message().seq)}>
              <Icon name="thread" />
              {t("replies", { count: countParam(thread().replies, thread().more) })}
              <Show when={chat.isThreadUnread(message())}>
                <span class="badge badge-flag" role="img" aria-label={t("unreadThreads")} title={t("unreadThreads")} />
              </Show>
            </button>
          )}
        </Show>
        <Show when={!props.inThread && props.row.isOwn && context.newestOwnSeq() === message().seq && !isDeleting() && !chat.peer(message().roomId)}>
          <Suspense>
            <ReadCount message={message()} />
          </Suspense>
        </Show>
      </div>
    </article>
  );
}
