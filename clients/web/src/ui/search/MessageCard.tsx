import { Show } from "solid-js";

import type { Message } from "../../domain/types";
import { useChat } from "../../stores/chat";
import { FileSummary } from "../files/FileSummary";
import { formatTime } from "../i18n/format-values";
import { t } from "../i18n";
import { Avatar } from "../shared/Avatar";
import { roomPath } from "../shared/router";
import { Markdown } from "../timeline/Markdown";
import { messagePreview } from "../room/message-preview";

/** A message out of its room, with the way there. */
export function MessageCard(props: { message: Message }) {
  const chat = useChat();
  const name = () => chat.user(props.message.senderId)?.displayName ?? "…";
  const text = () => {
    const { content, senderId } = props.message;
    return content.kind === "text" && !chat.isBlocked(senderId) ? content.text : messagePreview(chat, props.message);
  };
  return (
    <li class="message-card">
      <Avatar id={props.message.senderId} name={name()} photo={chat.user(props.message.senderId)?.photoId} />
      <div class="directory-text">
        <div class="pin-head">
          <strong class="clip">
            <bdi>{name()}</bdi> · <bdi>{chat.title(props.message.roomId)}</bdi>
          </strong>
          <time class="muted">{formatTime(props.message.postedAt, "short")}</time>
        </div>
        <Show when={text()}>{(words) => <Markdown text={words()} message={props.message} />}</Show>
        <FileSummary message={props.message} />
        <a class="link small" href={roomPath(props.message.roomId, props.message.seq)}>
          {t("goToMessage")}
        </a>
      </div>
    </li>
  );
}
