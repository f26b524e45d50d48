import "../shared/deferred-icons";

import { For, Show, createMemo } from "solid-js";

import type { Message } from "../../domain/types";
import { useChat } from "../../stores/chat";
import { formatBytes } from "../i18n/format-values.deferred";
import { labelled, t } from "../i18n";
import { Icon } from "../shared/Icon";
import { useRoom } from "../room/room-context";
import { TILE_PX, imageSize } from "./image-size";

/** The files of a message, as items of a list: images as they are, all else by name and size. */
export default function Attachments(props: { message: Message }) {
  const chat = useChat();
  const context = useRoom();
  /** A file never changes: whatever else does on its message, images stay as they are. */
  const files = createMemo(() => props.message.attachments, [], {
    equals: (a, b) => a.length === b.length && a.every(({ id }, at) => id === b[at]?.id),
  });
  const several = () => props.message.attachments.filter(({ image }) => image).length > 1;
  return (
    <For each={files()}>
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
                aria-label={labelled(t("openImage"), file.name)}
                onClick={() => context.openPicture({ message: props.message, file })}
              >
                <img src={chat.link(file.id, "large")} alt={file.name} {...(several() ? { width: TILE_PX, height: TILE_PX } : imageSize(image()))} loading="lazy" />
              </button>
            )}
          </Show>
        </li>
      )}
    </For>
  );
}
