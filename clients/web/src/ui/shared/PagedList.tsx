import { For, Show, type JSX } from "solid-js";

import type { PagedListState } from "../../stores/lists/paged-list";
import { t } from "../i18n";
import { keepFocusInList } from "./focus";
import { Retry } from "./Retry";

/** A list that comes in parts: what there is, what went wrong where it did, and the way to more. */
export function PagedList<T, Q>(props: {
  paged: Pick<PagedListState<T, Q>, "items" | "isLoaded" | "loading" | "failure" | "failedFirst" | "hasMore" | "loadMore" | "retry">;
  class: string;
  /** Said if there is nothing. */
  none: string;
  children: (item: T) => JSX.Element;
}) {
  const retry = () => void props.paged.retry();
  return (
    <>
      <div role="status">
        <Retry failure={props.paged.failedFirst() && props.paged.failure()} onAgain={retry} />
        <Show when={props.paged.isLoaded() && !props.paged.loading() && !props.paged.failure() && !props.paged.items().length}>
          <p class="page-note muted">{props.none}</p>
        </Show>
      </div>
      <ul ref={keepFocusInList} class={props.class} aria-busy={props.paged.loading()}>
        <For each={props.paged.items()}>{(item) => props.children(item)}</For>
      </ul>
      <div role="status">
        <Retry failure={!props.paged.failedFirst() && props.paged.failure()} onAgain={retry} />
      </div>
      <Show when={props.paged.hasMore() && !props.paged.failure()}>
        <button type="button" class="button page-more" disabled={props.paged.loading()} onClick={() => void props.paged.loadMore()}>
          {t("more")}
        </button>
      </Show>
    </>
  );
}
