import { Match, Show, Suspense, Switch, createSignal } from "solid-js";

import { useChat } from "../../state/chat";
import { calls } from "../../state/model";
import type { MessageRow } from "../../state/rows";
import { formatTime } from "../format";
import { t } from "../i18n";
import { Avatar } from "../kit/Avatar";
import { Icon } from "../kit/Icon";
import { lazy } from "../kit/lazy";
import { useRoom } from "../room/tools";
import { Bubble } from "./Bubble";
import { Reached } from "./Reached";

/** Comes after the messages, before one points at them. */
const MessageTools = lazy(() => import("./MessageTools"));
const Reactions = lazy(() => import("./Reactions"));
setTimeout(() => [MessageTools, Reactions].forEach((it) => void it.preload()), 0);

export function MessageRowView(props: { row: MessageRow; flash: boolean; inThread?: boolean }) {
  const chat = useChat();
  const tools = useRoom();
  const message = () => props.row.message;
  const sender = () => chat.user(message().senderId);
  const name = () => sender()?.displayName ?? "…";
  const time = () => formatTime(message().postedAt, "time");
  const doomed = () => chat.doomed.has(message().roomId, message().seq);
  /** Its tools can be reached by Tab only while it has the focus: else each would be a stop. */
  const [active, setActive] = createSignal(false);
  /** They are made when they are wanted: most rows only scroll by. */
  const [pointed, setPointed] = createSignal(false);
  return (
    <article
      class="msg"
      classList={{ "msg-mine": props.row.mine, "msg-first": props.row.first, "msg-flash": props.flash, "msg-active": active(), "msg-calls": calls(message(), chat.me().id) }}
      aria-label={`${name()}, ${time()}`}
      tabIndex={-1}
      onPointerEnter={() => setPointed(true)}
      onPointerLeave={() => setPointed(false)}
      onFocusIn={() => setActive(true)}
      onFocusOut={(event) => {
        const to = event.relatedTarget;
        if (!(to instanceof Node && event.currentTarget.contains(to))) setActive(false);
      }}
    >
      <Show when={props.row.first && !props.row.mine}>
        <button
          type="button"
          class="msg-avatar"
          tabIndex={-1}
          aria-label={t("profileOf", { name: name() })}
          onClick={() => tools.openUser(message().senderId)}
        >
          <Avatar id={message().senderId} name={sender()?.displayName ?? ""} photo={sender()?.photoId} />
        </button>
      </Show>
      <div class="msg-col">
        <Show when={props.row.first}>
          <header class="msg-head">
            <Show when={!props.row.mine}>
              <button
                type="button"
                class="msg-name"
                dir="auto"
                title={sender() && `@${sender()?.username}`}
                tabIndex={active() ? 0 : -1}
                onClick={() => tools.openUser(message().senderId)}
              >
                {name()}
              </button>
              <Show when={chat.hasNamesake(message().senderId)}>
                <bdi class="msg-username clip">@{sender()?.username}</bdi>
              </Show>
            </Show>
            <time title={formatTime(message().postedAt, "full")}>{time()}</time>
          </header>
        </Show>
        <Switch>
          <Match when={doomed()}>
            <p class="tombstone">
              {t("messageDeleted")}{" "}
              <Show when={chat.doomed.canUndo(message().roomId, message().seq)}>
                <button type="button" class="link" onClick={() => chat.doomed.undo(message().roomId, message().seq)}>
                  {t("undo")}
                </button>
              </Show>
            </p>
          </Match>
          <Match when={message().content.kind === "deleted"}>
            <p class="tombstone">{t("messageDeleted")}</p>
          </Match>
          <Match when={true}>
            <div class="msg-line">
              <Bubble message={message()} />
              <div class="msg-tools">
                <Suspense>
                  <Show when={active() || pointed()}>
                    <MessageTools message={message()} active={active()} time={props.row.first ? undefined : time()} />
                  </Show>
                </Suspense>
              </div>
            </div>
            <Show when={message().reactions.length}>
              <Suspense>
                <Reactions message={message()} />
              </Suspense>
            </Show>
          </Match>
        </Switch>
        {/* Answers stay when what they answer goes. */}
        <Show when={!props.inThread && message().thread?.replies}>
          {(replies) => (
            <button type="button" class="thread-link" onClick={() => tools.openThread(message().seq)}>
              <Icon name="thread" />
              {t("replies", { count: replies() })}
              <Show when={chat.threadUnread(message())}>
                <span class="badge badge-flag" role="img" aria-label={t("unreadThreads")} title={t("unreadThreads")} />
              </Show>
            </button>
          )}
        </Show>
        <Show when={!props.inThread && props.row.mine && tools.lastMine() === message().seq && !doomed()}>
          <Reached roomId={message().roomId} seq={message().seq} />
        </Show>
      </div>
    </article>
  );
}
