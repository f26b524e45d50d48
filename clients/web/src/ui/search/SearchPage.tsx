import { For, Show, createEffect, createSignal, on } from "solid-js";

import type { Message, Part } from "../../nouns";
import { useChat } from "../../state/chat";
import { createPaged } from "../../state/paged";
import { explain, t } from "../i18n";
import { Icon } from "../kit/Icon";
import { navigate, searchPath } from "../router";
import { MessageCard } from "./MessageCard";

/** The server answers after a share of work, perhaps with nothing yet: go on this often by oneself. */
const MOST_TURNS = 10;

/** Messages by their words, over all rooms; the address has the question. */
export default function SearchPage(props: { query: string }) {
  const chat = useChat();
  const [asked, setAsked] = createSignal(false);
  const found = createPaged(async (query, token): Promise<Part<Message>> => {
    let part = await chat.api.searchMessages(query, token);
    for (let i = 0; i < MOST_TURNS && !part.items.length && part.next; i++) {
      part = await chat.api.searchMessages(query, part.next);
    }
    return part;
  });
  let field!: HTMLInputElement;
  createEffect(
    on(
      () => props.query,
      (query) => {
        field.value = query;
        setAsked(query !== "");
        if (query) void found.search(query);
        else field.focus();
      },
    ),
  );
  function submit(event: SubmitEvent): void {
    event.preventDefault();
    navigate(searchPath(field.value.trim()));
  }
  return (
    <div class="page">
      <header class="page-head">
        <a class="icon-button back" href="/" aria-label={t("back")}>
          <Icon name="back" />
        </a>
        <h1>{t("searchMessages")}</h1>
      </header>
      <form onSubmit={submit} role="search">
        <div class="search-box search-box-large">
          <Icon name="search" />
          <input
            ref={field}
            type="search"
            dir="auto"
            maxLength={256}
            aria-label={t("searchMessages")}
            placeholder={t("searchMessages")}
            aria-describedby="search-hint"
          />
        </div>
      </form>
      <p class="muted small search-hint" id="search-hint">
        {t("searchHint")} <code>from:ada</code> <code>in:General</code> <code>after:2026-01-31</code>{" "}
        <code>before:2026-01-31</code> <code>has:file</code>
      </p>
      <Show when={asked()}>
        <ul class="directory" aria-busy={found.loading()}>
          <For each={found.items()}>{(message) => <MessageCard message={message} />}</For>
        </ul>
        <div role="status">
          <Show when={found.failure()}>{(failure) => <p class="page-note">{explain(failure())}</p>}</Show>
          <Show when={!found.loading() && !found.failure() && !found.items().length}>
            <p class="page-note muted">{t("nothingFound")}</p>
          </Show>
        </div>
        <Show when={found.hasMore()}>
          <button type="button" class="button page-more" disabled={found.loading()} onClick={() => void found.more()}>
            {t("more")}
          </button>
        </Show>
      </Show>
    </div>
  );
}
