import { Show, createEffect, createMemo } from "solid-js";

import { useChat } from "../../stores/chat";
import { notifiableUnread, type Unread } from "../../stores/reading/unread";
import { plainText } from "../../stores/messages/markdown";
import { formatCount, formatShort, formatUnread } from "../i18n/format-values";
import { t } from "../i18n";
import { Icon } from "../shared/Icon";
import { createDeadline } from "../shared/deadline";
import { RoomAvatar } from "../room/RoomAvatar";
import { messagePreview } from "../room/message-preview";
import { roomPath, route } from "../shared/router";

/** A room in the sidebar: its last message, and how much is unread. */
export function RoomLink(props: { roomId: string; unread: Unread }) {
  const chat = useChat();
  const view = createMemo(() => (chat.rooms(), chat.room(props.roomId)), undefined, { equals: false });
  const unread = () => props.unread;
  const isMuted = createDeadline(() => view()?.preferences.mutedUntil ?? 0);
  /** Unread messages that do not notify are shown less prominently. */
  const isProminent = () => (isMuted(), view() && notifiableUnread(unread(), view()!.preferences).count > 0);
  const current = () => {
    const now = route();
    return now.page === "room" && now.roomId === props.roomId;
  };
  let link!: HTMLAnchorElement;
  createEffect(() => current() && queueMicrotask(() => link.scrollIntoView({ block: "nearest" })));
  const hasDraft = () => !current() && chat.drafts.has(props.roomId);
  const preview = () => {
    const last = view()?.lastMessage;
    if (!last) return view()?.room.topic || t("noMessages");
    const text = messagePreview(chat, last);
    const isOwn = last.senderId === chat.me().id;
    // In a direct room it is clear who wrote.
    const sender = isOwn ? t("youSender") : chat.peer(props.roomId) ? undefined : chat.user(last.senderId)?.displayName;
    return sender ? [sender, t("colon"), <bdi>{text}</bdi>] : text;
  };
  return (
    <li>
      <a
        ref={link}
        class="room-link"
        classList={{ "is-unread": isProminent() || unread().flagged }}
        href={roomPath(props.roomId)}
        aria-current={current() ? "page" : undefined}
      >
        <RoomAvatar roomId={props.roomId} />
        <span class="room-link-text">
          <span class="room-link-top">
            <span class="room-link-name" dir="auto">
              {chat.title(props.roomId)}
            </span>
            <Show when={view()?.room.kind === "private"}>
              <span class="room-link-mark" role="img" aria-label={t("privateRoom")} title={t("privateRoom")}>
                <Icon name="lock" class="room-link-lock" />
              </span>
            </Show>
            <Show when={view()?.room.archivedAt}>
              <span class="room-link-mark" role="img" aria-label={t("archivedRoom")} title={t("archivedRoom")}>
                <Icon name="archive" class="room-link-lock" />
              </span>
            </Show>
            <Show when={isMuted()}>
              <span class="room-link-mark" role="img" aria-label={t("mutedRoom")} title={t("mutedRoom")}>
                <Icon name="mute" class="room-link-lock" />
              </span>
            </Show>
            <Show when={view()?.lastMessage}>
              {(last) => <time class="room-link-time">{formatShort(last().postedAt)}</time>}
            </Show>
          </span>
          <span class="room-link-bottom">
            <Show
              when={hasDraft()}
              fallback={
                <span class="room-link-preview" dir="auto">
                  {preview()}
                </span>
              }
            >
              <span class="room-link-preview">
                <span class="draft">{t("draft")}{t("colon")}</span>
                {plainText(chat.drafts.get(props.roomId))}
              </span>
            </Show>
            <Show when={unread().mentions && !chat.peer(props.roomId)}>
              <span class="badge badge-mention" classList={{ "badge-quiet": !isProminent() }} role="img" aria-label={t("unreadMentions", { count: unread().mentions })}>
                @
              </span>
            </Show>
            <Show when={unread().threads}>
              <span class="badge badge-thread" role="img" aria-label={t("unreadThreads")} title={t("unreadThreads")}>
                <Icon name="thread" />
              </span>
            </Show>
            <Show when={unread().flagged && !unread().count}>
              <span class="badge badge-flag" role="img" aria-label={t("markedUnread")} title={t("markedUnread")} />
            </Show>
            <Show when={unread().count}>
              <span class="badge" classList={{ "badge-quiet": !isProminent() }} role="img" aria-label={formatUnread(unread())}>
                {formatCount(unread())}
              </span>
            </Show>
          </span>
        </span>
      </a>
    </li>
  );
}
