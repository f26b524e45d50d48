// Rows that are no one's words.

import { Show } from "solid-js";

import type { Message } from "../../nouns";
import { useChat } from "../../state/chat";
import { formatDay, formatTime } from "../format";
import { t, type Key } from "../i18n";
import { RoomFace } from "../room/RoomFace";
import { useRoom } from "../room/tools";

/** The day, and the way to others; by keyboard, the room's menu leads there. */
export function DayRow(props: { at: number }) {
  const { askDate } = useRoom();
  return (
    <div class="row-day">
      <button type="button" tabIndex={-1} title={t("jumpToDate")} onClick={() => askDate(props.at)}>
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
      <RoomFace roomId={props.roomId} size="large" />
      <h2 dir="auto">{title()}</h2>
      <Show when={room()?.topic}>{(topic) => <p dir="auto">{topic()}</p>}</Show>
      <p class="muted">{chat.room(props.roomId)?.last ? begins() : t(chat.rights(props.roomId).write ? "emptyRoom" : "noMessages")}</p>
    </div>
  );
}

const ROLES: Record<string, Key> = { owner: "sysOwner", admin: "sysAdmin", member: "sysMember" };

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
      case "removed":
        return t("sysRemoved", words);
      case "banned":
        return t("sysBanned", words);
      case "role":
        if (senderId === content.aboutId) return t(content.detail === "admin" ? "sysDownAdmin" : "sysDownMember", words);
        return t(ROLES[content.detail] ?? "sysMember", words);
      case "archived":
        return t("sysArchived", words);
      case "unarchived":
        return t("sysUnarchived", words);
      case "muted":
        return t("sysMuted", words);
      case "unmuted":
        return t("sysUnmuted", words);
      case "unbanned":
        return t("sysUnbanned", words);
      case "messageDeleted":
        return t("sysMessageDeleted", words);
      case "messagePinned":
        return t("sysMessagePinned", words);
      case "messageUnpinned":
        return t("sysMessageUnpinned", words);
      case "settings":
        return t("sysSettings", words);
    }
  };
  /** What was done by a role on the server, and not in the room, is shown as such. */
  const told = () => {
    const { content } = props.message;
    const staff = content.kind === "system" ? content.staff : "user";
    if (staff === "user") return text();
    return t(staff === "admin" ? "sysByServerAdmin" : "sysByModerator", { what: text() });
  };
  return (
    <p class="row-system" title={formatTime(props.message.postedAt, "full")}>
      {told()}
    </p>
  );
}
