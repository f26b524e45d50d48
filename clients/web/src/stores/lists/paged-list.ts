// A list that is loaded page by page. The query may change while a page is loading:
// the newest query wins.

import { batch, createSignal } from "solid-js";

import { Failure } from "../../domain/failure";
import type { ListPage } from "../../domain/types";

/** `key` names an item, so that the first page can be loaded again without losing the rest. */
export function createPagedList<T, Q = string>(load: (query: Q, token: string) => Promise<ListPage<T>>, key?: (item: T) => string) {
  const [items, setItems] = createSignal<readonly T[]>([]);
  const [next, setNext] = createSignal("");
  const [isLoaded, setLoaded] = createSignal(false);
  const [loading, setLoading] = createSignal(false);
  const [failure, setFailure] = createSignal<{ readonly error: Failure; readonly token: string }>();
  let query: Q | undefined;
  /** The query whose items are shown. */
  let shownQuery: Q | undefined;
  let requestId = 0;

  async function loadPage(token: string): Promise<void> {
    if (query === undefined) return;
    const ownId = ++requestId;
    const ownQuery = query;
    setLoading(true);
    setFailure(undefined);
    try {
      const part = await load(ownQuery, token);
      if (ownId !== requestId) return;
      const rest = token || ownQuery !== shownQuery ? [] : itemsAfter(part);
      shownQuery = ownQuery;
      batch(() => {
        setLoaded(true);
        setItems(token ? [...items(), ...part.items] : [...part.items, ...rest]);
        // The kept pages say where to go on.
        if (!rest.length) setNext(part.next);
      });
    } catch (error) {
      if (ownId !== requestId) return;
      // Items of another query must not pass for results of this one.
      if (ownQuery !== shownQuery) reset();
      setFailure({ error: error instanceof Failure ? error : new Failure("internal", "", String(error)), token });
    } finally {
      if (ownId === requestId) setLoading(false);
    }
  }

  /** The items after a first page that is loaded again, if nothing is missing between. */
  function itemsAfter(part: ListPage<T>): readonly T[] {
    const last = part.items.at(-1);
    if (!key || !last || !part.next) return [];
    const at = items().findIndex((it) => key(it) === key(last));
    return at < 0 ? [] : items().slice(at + 1);
  }

  const reset = () => batch(() => (setLoaded(false), setItems([]), setNext("")));

  return {
    items,
    /** Whether a page has been loaded: an empty list then means that there is nothing. */
    isLoaded,
    loading,
    failure: () => failure()?.error,
    /** The first page could not be loaded. */
    failedFirst: () => failure()?.token === "",
    hasMore: () => next() !== "",
    /** From the beginning. */
    load(text: Q): Promise<void> {
      query = text;
      return loadPage("");
    },
    loadMore: (): Promise<void> => (loading() || !next() ? Promise.resolve() : loadPage(next())),
    /** Loads the page that failed, or else the first one. */
    retry: (): Promise<void> => loadPage(failure()?.token ?? ""),
    /** Empties the list. */
    clear(): void {
      requestId += 1;
      query = shownQuery = undefined;
      setLoading(false);
      setFailure(undefined);
      reset();
    },
  };
}

export type PagedListState<T, Q = string> = ReturnType<typeof createPagedList<T, Q>>;
