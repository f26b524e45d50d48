// A list that comes in parts, for a query that may change while a part is under
// way: the newest query wins.

import { batch, createSignal } from "solid-js";

import { Failure } from "../../domain/failure";
import type { ListPage } from "../../domain/types";

/** What `Q` asks for; `key` names an item, so that the beginning can be read anew without losing the rest. */
export function createPaged<T, Q = string>(load: (query: Q, token: string) => Promise<ListPage<T>>, key?: (item: T) => string) {
  const [items, setItems] = createSignal<readonly T[]>([]);
  const [next, setNext] = createSignal("");
  const [answered, setAnswered] = createSignal(false);
  const [loading, setLoading] = createSignal(false);
  const [failure, setFailure] = createSignal<{ readonly error: Failure; readonly token: string }>();
  let query: Q | undefined;
  /** The query whose items there are. */
  let shown: Q | undefined;
  let turn = 0;

  async function read(token: string): Promise<void> {
    if (query === undefined) return;
    const mine = ++turn;
    const asked = query;
    setLoading(true);
    setFailure(undefined);
    try {
      const part = await load(asked, token);
      if (mine !== turn) return;
      const rest = token || asked !== shown ? [] : after(part);
      shown = asked;
      batch(() => {
        setAnswered(true);
        setItems(token ? [...items(), ...part.items] : [...part.items, ...rest]);
        // What was read of the rest says where to go on.
        if (!rest.length) setNext(part.next);
      });
    } catch (error) {
      if (mine !== turn) return;
      // Answers to another question would pass for answers to this one.
      if (asked !== shown) forget();
      setFailure({ error: error instanceof Failure ? error : new Failure("internal", "", String(error)), token });
    } finally {
      if (mine === turn) setLoading(false);
    }
  }

  /** What follows a first part that is read anew, if nothing is missing between. */
  function after(part: ListPage<T>): readonly T[] {
    const last = part.items.at(-1);
    if (!key || !last || !part.next) return [];
    const at = items().findIndex((it) => key(it) === key(last));
    return at < 0 ? [] : items().slice(at + 1);
  }

  const forget = () => batch(() => (setAnswered(false), setItems([]), setNext("")));

  return {
    items,
    /** Where there is nothing, there is nothing to be had. */
    answered,
    loading,
    failure: () => failure()?.error,
    /** It was the beginning that could not be read. */
    failedFirst: () => failure()?.token === "",
    hasMore: () => next() !== "",
    /** From the beginning. */
    search(text: Q): Promise<void> {
      query = text;
      return read("");
    },
    more: (): Promise<void> => (loading() || !next() ? Promise.resolve() : read(next())),
    /** What failed, once more; else the beginning. */
    again: (): Promise<void> => read(failure()?.token ?? ""),
    /** Nothing is asked any more. */
    clear(): void {
      turn += 1;
      query = shown = undefined;
      setLoading(false);
      setFailure(undefined);
      forget();
    },
  };
}

export type Paged<T, Q = string> = ReturnType<typeof createPaged<T, Q>>;
