import "../shared/deferred-icons";

import { For, Show } from "solid-js";

import type { Attachment, Message } from "../../domain/types";
import { useChat } from "../../stores/chat";
import { Icon } from "../shared/Icon";

/** The files of a message, where it is told of outside of its place: small pictures and names. */
export function FileSummary(props: { message: Message }) {
  const chat = useChat();
  return (
    <Show when={!chat.isBlocked(props.message.senderId) && props.message.attachments.length}>
      <ul class="file-line">
        <For each={props.message.attachments}>
          {(file: Attachment) => (
            <li>
              <Show when={file.image} fallback={<Icon name="file" />}>
                <img class="thumb" src={chat.link(file.id, "small")} alt="" loading="lazy" />
              </Show>
              <span class="clip" dir="auto">
                {file.name}
              </span>
            </li>
          )}
        </For>
      </ul>
    </Show>
  );
}
