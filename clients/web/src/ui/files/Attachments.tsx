import { For, Show } from "solid-js";

import type { Attachment, Message } from "../../nouns";
import { useChat } from "../../state/chat";
import { formatBytes } from "../format";
import { t } from "../i18n";
import { Icon } from "../kit/Icon";
import { useRoom } from "../room/tools";

/** How large an image is shown, in pixels. */
const MOST_WIDE = 360;
const MOST_HIGH = 280;
/** Several stand side by side, each in a square of this size. */
const TILE = 136;

/** The files of a message: images as they are, all else by name and size. */
export default function Attachments(props: { message: Message }) {
  const chat = useChat();
  const tools = useRoom();
  const several = () => props.message.attachments.filter(({ image }) => image).length > 1;
  return (
    <ul class="files">
      <For each={props.message.attachments}>
        {(file) => (
          <li classList={{ "files-row": !file.image }}>
            <Show
              when={file.image}
              fallback={
                <a class="file" href={chat.link(file.id, "whole")} download={file.name} target="_blank" rel="noopener">
                  <Icon name="file" />
                  <span class="member-text">
                    <span class="clip" dir="auto">
                      {file.name}
                    </span>
                    <span class="muted small">{formatBytes(file.size)}</span>
                  </span>
                </a>
              }
            >
              {(image) => (
                <button
                  type="button"
                  class="image"
                  classList={{ "image-tile": several() }}
                  aria-label={`${t("openImage")}: ${file.name}`}
                  onClick={() => tools.openPicture({ message: props.message, file })}
                >
                  <img src={chat.link(file.id, "large")} alt={file.name} {...(several() ? { width: TILE, height: TILE } : box(image()))} loading="lazy" />
                </button>
              )}
            </Show>
          </li>
        )}
      </For>
    </ul>
  );
}

function box({ width, height }: NonNullable<Attachment["image"]>): { width: number; height: number } {
  const scale = Math.min(1, MOST_WIDE / width, MOST_HIGH / height);
  return { width: Math.max(Math.round(width * scale), 24), height: Math.max(Math.round(height * scale), 24) };
}
