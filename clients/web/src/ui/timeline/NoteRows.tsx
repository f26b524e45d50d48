// Rows that are no one's words.

import { Show } from "solid-js";

import type { Message } from "../../nouns";
import { useChat } from "../../state/chat";
import { formatDay, formatTime } from "../format";
import { t } from "../i18n";
import { Avatar } from "../kit/Avatar";

export function DayRow(props: { at: number }) {
  return (
    <div class="row-day" role="separator">
      <span>{formatDay(props.at)}</span>
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
  return (
    <div class="row-start">
      <Avatar id={props.roomId} name={room()?.name ?? ""} shape="room" size="large" />
      <h2 dir="auto">{room()?.name}</h2>
      <Show when={room()?.topic}>{(topic) => <p dir="auto">{topic()}</p>}</Show>
      <p class="muted">{chat.room(props.roomId)?.last ? t("roomBegins", { room: room()?.name ?? "" }) : t("emptyRoom")}</p>
    </div>
  );
}

export function SystemRow(props: { message: Message }) {
  const chat = useChat();
  const text = () => {
    const { content, senderId } = props.message;
    if (content.kind !== "system") return "";
    const words = { name: chat.user(senderId)?.displayName ?? "…", detail: content.detail };
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
    }
  };
  return (
    <p class="row-system" dir="auto" title={formatTime(props.message.postedAt, "full")}>
      {text()}
    </p>
  );
}
