import { Show, createEffect, createMemo, createSignal, on, onCleanup, onMount } from "solid-js";

import type { SearchRequest, User } from "../../domain/types";
import { useChat } from "../../stores/chat";
import { createRoomSearch } from "../../stores/search/room-search";
import { parseQuery } from "../../stores/search/search-highlight";
import { t } from "../i18n";
import { Icon } from "../shared/Icon";
import { PagedList } from "../shared/PagedList";
import { Panel } from "../room/Panel";
import { useRoom } from "../room/room-context";
import { SearchResult } from "./SearchResult";
import { SearchFilters, startOf, type DateRange } from "./SearchFilters";

/** Letters typed faster than this ask once. */
const DEBOUNCE_MS = 250;

/** Messages of the room by their words, who wrote them, and when. */
export default function SearchPanel(props: { over: boolean; onClose: () => void }) {
  const chat = useChat();
  const { roomId } = useRoom();
  const [words, setWords] = createSignal("");
  const [from, setFrom] = createSignal<User>();
  const [dateRange, setDateRange] = createSignal<DateRange>({ since: "", until: "" });
  const [hasFile, setHasFile] = createSignal(false);
  const results = createRoomSearch(chat, roomId);
  let field!: HTMLInputElement;

  const phrases = createMemo(() => parseQuery(words()).phrases);
  /** Undefined while there is too little to ask for. */
  const request = createMemo((): SearchRequest | undefined => {
    const query = words().trim();
    if (!parseQuery(query).isSearchable && !from() && !hasFile()) return undefined;
    const { since, until } = dateRange();
    return { query, roomId, fromUserId: from()?.id, hasFile: hasFile(), after: startOf(since, 0), before: startOf(until, 1) };
  });

  createEffect(
    on(request, (current) => {
      if (!current) return results.clear();
      const timer = setTimeout(() => void results.load(current), DEBOUNCE_MS);
      onCleanup(() => clearTimeout(timer));
    }),
  );
  onMount(() => field.focus());

  return (
    <Panel title={t("searchIn")} class="search-panel" over={props.over} onClose={props.onClose}>
      <form role="search" onSubmit={(event) => event.preventDefault()}>
        <div class="search-box">
          <Icon name="search" />
          <input
            ref={field}
            type="search"
            dir="auto"
            maxLength={256}
            aria-label={t("searchIn")}
            placeholder={t("searchIn")}
            onInput={(event) => setWords(event.currentTarget.value)}
          />
        </div>
        <SearchFilters
          roomId={roomId}
          from={from()}
          onFrom={setFrom}
          dateRange={dateRange()}
          onDateRange={setDateRange}
          hasFile={hasFile()}
          onHasFile={setHasFile}
        />
      </form>
      <div class="panel-scroll">
        <Show when={request()} fallback={<p class="muted panel-empty">{t("searchRequirements")}</p>}>
          <PagedList paged={results} class="search-results" none={t("noMessagesFound")}>
            {(message) => <SearchResult message={message} phrases={phrases()} />}
          </PagedList>
        </Show>
      </div>
    </Panel>
  );
}
