import { Show, createEffect, createSignal, on, onCleanup, onMount, untrack } from "solid-js";

import type { Message } from "../../domain/types";
import { useChat, type Chat } from "../../stores/chat";
import { messageKey, createMessageSearch } from "../../stores/search/room-search";
import { createPagedList, type PagedListState } from "../../stores/lists/paged-list";
import { parseQuery } from "../../stores/search/search-highlight";
import { t } from "../i18n";
import { Icon } from "../shared/Icon";
import { PagedList } from "../shared/PagedList";
import { navigate, searchPath } from "../shared/router";
import { SearchHighlight } from "./SearchHighlight";
import { MessageCard } from "./MessageCard";

const ROOM_ID = /(^|\s)in:([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})(?=\s|$)/g;

/** What was found last, and how far down one was: whoever comes back from a message is there again. */
interface SavedSearch {
  readonly query: string;
  readonly results: PagedListState<Message>;
  readonly top: number;
}
const savedSearches = new WeakMap<Chat, SavedSearch>();

/** Messages by their words, over all rooms; the address has the question. */
export default function SearchPage(props: { query: string }) {
  const chat = useChat();
  const [isSearching, setSearching] = createSignal(untrack(() => parseQuery(props.query).isSearchable));
  const search = createMessageSearch(chat);
  const before = savedSearches.get(chat);
  const isReturning = before?.query === props.query;
  const results = isReturning ? before.results : createPagedList((query: string, token) => search({ query }, token), messageKey);
  let page!: HTMLDivElement;
  onMount(() => isReturning && (page.scrollTop = before.top));
  let last = props.query;
  onCleanup(() => savedSearches.set(chat, { query: last, results, top: page.scrollTop }));
  let field!: HTMLInputElement;
  /** As a person writes it: a room by its name. */
  const withRoomNames = (query: string) =>
    query.replace(ROOM_ID, (all, gap: string, id: string) => (chat.room(id) && !chat.peer(id) ? `${gap}in:"${chat.title(id)}"` : all));
  createEffect(
    on(
      () => props.query,
      (query) => {
        last = field.value = query;
        const { isSearchable } = parseQuery(query);
        setSearching(isSearchable);
        if (isSearchable) void results.load(query);
        else {
          results.clear();
          field.focus();
        }
      },
    ),
  );
  // Rooms have names once they are known.
  createEffect(() => {
    const queryWithNames = withRoomNames(props.query);
    if (field.value === props.query) field.value = queryWithNames;
  });
  function submit(event: SubmitEvent): void {
    event.preventDefault();
    navigate(searchPath(field.value.trim()));
  }
  return (
    <div class="page" ref={page}>
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
        <code>before:2026-03-01</code> <code>has:file</code>
      </p>
      <Show when={isSearching()} fallback={<Show when={props.query}><p class="page-note muted">{t("searchRequirements")}</p></Show>}>
        <SearchHighlight query={props.query}>
          <PagedList paged={results} class="directory" none={t("noMessagesFound")}>
            {(message) => <MessageCard message={message} />}
          </PagedList>
        </SearchHighlight>
      </Show>
    </div>
  );
}
