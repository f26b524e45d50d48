import { For, Show, onMount } from "solid-js";

import { useChat } from "../../state/chat";
import { createPaged } from "../../state/paged";
import { formatTime } from "../format";
import { explain, t } from "../i18n";
import { Avatar } from "../kit/Avatar";
import { Icon } from "../kit/Icon";
import { roomPath } from "../router";
import { Markdown } from "../timeline/Markdown";

/** The messages that call the user, over all rooms. */
export default function MentionsPage() {
  const chat = useChat();
  const mentions = createPaged((_, token) => chat.api.listMentions(token));
  onMount(() => void mentions.search(""));
  return (
    <div class="page">
      <header class="page-head">
        <a class="icon-button back" href="/" aria-label={t("back")}>
          <Icon name="back" />
        </a>
        <h1>{t("mentions")}</h1>
      </header>
      <ul class="directory" aria-busy={mentions.loading()}>
        <For each={mentions.items()}>
          {(message) => (
            <li class="mention-item">
              <Avatar id={message.senderId} name={chat.user(message.senderId)?.displayName ?? ""} />
              <div class="directory-text">
                <div class="pin-head">
                  <strong class="clip" dir="auto">
                    {chat.user(message.senderId)?.displayName ?? "…"} · {chat.title(message.roomId)}
                  </strong>
                  <time class="muted">{formatTime(message.postedAt, "short")}</time>
                </div>
                <Markdown text={message.content.kind === "text" ? message.content.text : t("messageDeleted")} message={message} />
                <a class="link small" href={roomPath(message.roomId, message.threadSeq || message.seq)}>
                  {t("goTo")}
                </a>
              </div>
            </li>
          )}
        </For>
      </ul>
      <Show when={mentions.failure()}>{(failure) => <p class="page-note">{explain(failure())}</p>}</Show>
      <Show when={!mentions.loading() && !mentions.failure() && !mentions.items().length}>
        <p class="page-note muted">{t("noMentions")}</p>
      </Show>
      <Show when={mentions.hasMore()}>
        <button type="button" class="button page-more" disabled={mentions.loading()} onClick={() => void mentions.more()}>
          {t("more")}
        </button>
      </Show>
    </div>
  );
}
