import { For, Show, onMount } from "solid-js";

import { useChat } from "../../state/chat";
import { createPaged } from "../../state/paged";
import { explain, t } from "../i18n";
import { Icon } from "../kit/Icon";
import { MessageCard } from "../search/MessageCard";

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
        <For each={mentions.items()}>{(message) => <MessageCard message={message} />}</For>
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
