// Rows that are not messages of users.

import { Show, Suspense } from "solid-js";

import type { Message } from "../../domain/types";
import { useChat } from "../../stores/chat";
import { formatDay, formatTime } from "../i18n/format-values";
import { lazy } from "../shared/lazy";
import { t } from "../i18n";
import { RoomAvatar } from "../room/RoomAvatar";
import { useRoom } from "../room/room-context";

/** The day, as a button that opens the date dialog. With the keyboard, use the room's menu. */
export function DayRow(props: { at: number }) {
  const { openDateDialog } = useRoom();
  return (
    <div class="row-day">
      <button type="button" tabIndex={-1} title={t("jumpToDate")} onClick={() => openDateDialog(props.at)}>
        {formatDay(props.at)}
      </button>
    </div>
  );
}

export function NewRow() {
  return (
    <div class="row-new" role="separator">
      <span>{t("newMessages")}</span>
    </div>
  );
}

export function StartRow(props: { roomId: string }) {
  const chat = useChat();
  const room = () => chat.room(props.roomId)?.room;
  const title = () => chat.title(props.roomId);
  const begins = () => {
    const peer = chat.peer(props.roomId);
    if (peer === undefined) return t("roomBegins", { room: title() });
    return peer === chat.me().id ? t("notesBegin") : t("directBegins", { name: title() });
  };
  return (
    <div class="row-start">
      <RoomAvatar roomId={props.roomId} size="large" />
      <h2 dir="auto">{title()}</h2>
      <Show when={room()?.topic}>{(topic) => <p dir="auto">{topic()}</p>}</Show>
      <p class="muted">{chat.room(props.roomId)?.lastMessage ? begins() : t(chat.permissions(props.roomId).write ? "emptyRoom" : "noMessages")}</p>
    </div>
  );
}

const SystemMessageText = lazy(() => import("./SystemMessageText"));

export function SystemRow(props: { message: Message }) {
  const chat = useChat();
  const text = () => {
    const { content, senderId } = props.message;
    if (content.kind !== "system") return "";
    const name = (id: string) => chat.user(id)?.displayName ?? "…";
    const words = { name: name(senderId), detail: content.detail, other: content.aboutId ? name(content.aboutId) : "" };
    switch (content.what) {
      case "created":
        return t("sysCreated", words);
      case "joined":
        return t("sysJoined", words);
      case "left":
        return t("sysLeft", words);
      case "renamed":
        return t("sysRenamed", words);
      case "topic":
        return t(content.detail ? "sysTopic" : "sysTopicCleared", words);
      case "added":
        return t("sysAdded", words);
      default:
        return "";
    }
  };
  /** Rare kinds, and those by the server's staff, which are shown as such. */
  const isRare = () => !text() || (props.message.content.kind === "system" && props.message.content.staff !== "user");
  return (
    <p class="row-system" title={formatTime(props.message.postedAt, "full")}>
      <Show when={isRare()} fallback={text()}>
        <Suspense fallback={text() || "\u00a0"}>
          <SystemMessageText message={props.message} text={text()} />
        </Suspense>
      </Show>
    </p>
  );
}
