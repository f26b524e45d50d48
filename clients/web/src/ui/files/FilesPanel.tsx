import "../shared/deferred-icons";

import { For, Show, createEffect, createMemo, createSignal, on, onCleanup, onMount } from "solid-js";

import type { Attachment, Message, SearchRequest } from "../../domain/types";
import { useChat } from "../../stores/chat";
import { createRoomSearch } from "../../stores/search/room-search";
import { formatShort, formatTime } from "../i18n/format-values";
import { formatBytes } from "../i18n/format-values.deferred";
import { labelled, t } from "../i18n";
import { Icon } from "../shared/Icon";
import { createKeyed } from "../shared/keyed";
import { Retry } from "../shared/Retry";
import { Panel } from "../room/Panel";
import { useRoom } from "../room/room-context";

interface FileEntry {
  readonly message: Message;
  readonly file: Attachment;
}

const KINDS = ["pictures", "otherFiles"] as const;

/** Whatever was sent in the room besides words, the newest first. */
export default function FilesPanel(props: { over: boolean; onClose: () => void }) {
  const chat = useChat();
  const { roomId } = useRoom();
  const [kind, setKind] = createSignal<(typeof KINDS)[number]>("pictures");
  const search = createRoomSearch(chat, roomId, ({ attachments }) => attachments.length > 0);
  const messages = createMemo(() => search.items().filter(({ senderId }) => !chat.isBlocked(senderId)));
  const all = createMemo(() => messages().flatMap((message) => message.attachments.map((file): FileEntry => ({ message, file }))));
  const shown = createMemo(() => all().filter(({ file }) => (file.image !== undefined) === (kind() === "pictures")));
  const keyed = createKeyed(shown, ({ message, file }) => `${message.seq}:${file.id}`);
  const [atEnd, setAtEnd] = createSignal(false);
  const request: SearchRequest = { query: "", roomId, hasFile: true };
  const live = createMemo(() => chat.connection().kind === "live");
  let end!: HTMLDivElement;

  createEffect(on(live, () => void search.load(request)));
  createEffect(() => {
    if (atEnd() && shown().length >= 0 && search.hasMore() && !search.loading() && !search.failure()) void search.loadMore();
  });
  onMount(() => {
    const observer = new IntersectionObserver(([entry]) => setAtEnd(entry?.isIntersecting ?? false));
    observer.observe(end);
    onCleanup(() => observer.disconnect());
  });

  return (
    <Panel title={t("files")} class="search-panel" over={props.over} onClose={props.onClose}>
      <div class="tabs files-tabs" role="group" aria-label={t("files")}>
        <For each={KINDS}>
          {(it) => (
            <button type="button" aria-pressed={kind() === it} onClick={() => setKind(it)}>
              {t(it)}
            </button>
          )}
        </For>
      </div>
      <div class="panel-scroll" aria-busy={search.loading()}>
        <Show
          when={kind() === "pictures"}
          fallback={
            <ul class="file-rows">
              <For each={keyed.keys()}>
                {(key) => {
                  const it = keyed.at(key);
                  return <FileRow {...it()} />;
                }}
              </For>
            </ul>
          }
        >
          <ul class="file-grid">
            <For each={keyed.keys()}>
              {(key) => {
                const it = keyed.at(key);
                return <PictureTile {...it()} among={messages()} />;
              }}
            </For>
          </ul>
        </Show>
        <div role="status">
          <Retry failure={search.failure()} class="panel-empty" onAgain={() => void search.retry()} />
          <Show when={!search.loading() && !search.hasMore() && !search.failure() && !shown().length}>
            <p class="muted panel-empty">{t(kind() === "pictures" ? "noPictures" : "noFiles")}</p>
          </Show>
        </div>
        <div ref={end} class="sentinel" />
      </div>
    </Panel>
  );
}

function PictureTile(props: FileEntry & { among: readonly Message[] }) {
  const chat = useChat();
  const context = useRoom();
  const name = () => chat.user(props.message.senderId)?.displayName ?? "…";
  return (
    <li>
      <button
        type="button"
        class="file-tile"
        aria-label={t("pictureFrom", { name: name(), file: props.file.name })}
        title={`${name()} · ${formatTime(props.message.postedAt, "short")}`}
        // One leafs through them as they were sent.
        onClick={() => context.openPicture({ message: props.message, file: props.file, among: props.among.toReversed() })}
      >
        <img src={chat.link(props.file.id, "large")} alt="" loading="lazy" />
      </button>
    </li>
  );
}

function FileRow(props: FileEntry) {
  const chat = useChat();
  const context = useRoom();
  return (
    <li class="file-row">
      <a class="file" href={chat.link(props.file.id, "whole")} download={props.file.name} target="_blank" rel="noopener">
        <Icon name="file" />
        <span class="member-text">
          <span class="clip" dir="auto">
            {props.file.name}
          </span>
          <span class="muted small clip">
            {formatBytes(props.file.size)} · <bdi>{chat.user(props.message.senderId)?.displayName ?? "…"}</bdi> ·{" "}
            <time title={formatTime(props.message.postedAt, "full")}>{formatShort(props.message.postedAt)}</time>
          </span>
        </span>
      </a>
      <button
        type="button"
        class="icon-button icon-button-small"
        aria-label={labelled(t("goToMessage"), props.file.name)}
        title={t("goToMessage")}
        onClick={() => context.jump(props.message.seq)}
      >
        <Icon name="chat" />
      </button>
    </li>
  );
}
