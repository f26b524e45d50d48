import { For, Show, createResource } from "solid-js";

import type { Attachment } from "../../nouns";
import { useChat } from "../../state/chat";
import { formatBytes } from "../format";
import { t } from "../i18n";
import { Icon } from "../kit/Icon";

const MOST_WIDE = 360;
const MOST_HIGH = 280;

/** The files of a message: images as they are, all else by name and size. */
export default function Attachments(props: { files: readonly Attachment[] }) {
  const chat = useChat();
  const ids = (of: readonly Attachment[]) => of.map(({ id }) => id);
  const [links] = createResource(
    () => props.files,
    async (files) => {
      const api = await chat.api.files();
      const images = files.filter(({ image }) => image);
      const [whole, shown] = await Promise.all([api.links(ids(files), false), images.length ? api.links(ids(images), true) : new Map<string, string>()]);
      return { whole, shown };
    },
  );
  const link = (id: string) => (links.error ? undefined : links()?.whole.get(id));
  const shown = (id: string) => (links.error ? undefined : (links()?.shown.get(id) ?? link(id)));
  const box = ({ width, height }: { width: number; height: number }) => {
    const scale = Math.min(1, MOST_WIDE / width, MOST_HIGH / height);
    return { width: Math.max(Math.round(width * scale), 24), height: Math.max(Math.round(height * scale), 24) };
  };
  return (
    <ul class="files">
      <For each={props.files}>
        {(file) => (
          <li>
            <Show
              when={file.image}
              fallback={
                <a class="file" href={link(file.id)} download={file.name} target="_blank" rel="noopener">
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
                <a class="image" href={link(file.id)} target="_blank" rel="noopener" aria-label={`${t("openImage")}: ${file.name}`}>
                  <img src={shown(file.id)} alt={file.name} {...box(image())} loading="lazy" />
                </a>
              )}
            </Show>
          </li>
        )}
      </For>
    </ul>
  );
}
