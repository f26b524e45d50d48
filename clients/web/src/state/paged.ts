// A list that comes in parts, for a query that may change while a part is under
// way: the newest query wins.

import { createSignal } from "solid-js";

import { Failure } from "../failure";
import type { Part } from "../nouns";

export function createPaged<T>(load: (query: string, token: string) => Promise<Part<T>>) {
  const [items, setItems] = createSignal<readonly T[]>([]);
  const [next, setNext] = createSignal("");
  const [loading, setLoading] = createSignal(false);
  const [failure, setFailure] = createSignal<Failure>();
  let query = "";
  let turn = 0;

  async function read(token: string, before: readonly T[]): Promise<void> {
    const mine = ++turn;
    setLoading(true);
    setFailure(undefined);
    try {
      const part = await load(query, token);
      if (mine !== turn) return;
      setItems([...before, ...part.items]);
      setNext(part.next);
    } catch (error) {
      if (mine === turn) setFailure(error instanceof Failure ? error : new Failure("internal", "", String(error)));
    } finally {
      if (mine === turn) setLoading(false);
    }
  }

  return {
    items,
    loading,
    failure,
    hasMore: () => next() !== "",
    /** From the beginning. */
    search(text: string): Promise<void> {
      query = text;
      return read("", []);
    },
    more: (): Promise<void> => (loading() || !next() ? Promise.resolve() : read(next(), items())),
  };
}
