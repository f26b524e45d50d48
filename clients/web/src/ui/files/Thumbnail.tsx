import { Show } from "solid-js";

import type { Message } from "../../domain/types";
import { useChat } from "../../stores/chat";

/** The first picture of a message, small; its name is said beside it. */
export function Thumbnail(props: { message: Message | undefined }) {
  const chat = useChat();
  const file = () => {
    const { message } = props;
    return message && !chat.isBlocked(message.senderId) ? message.attachments.find(({ image }) => image) : undefined;
  };
  return <Show when={file()}>{(it) => <img class="thumb" src={chat.link(it().id, "small")} alt="" />}</Show>;
}
