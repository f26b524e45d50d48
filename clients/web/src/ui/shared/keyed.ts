import { createMemo, type Accessor } from "solid-js";

/**
 * A list by its keys. What is rendered for a key stays when its item is replaced by
 * another object, and so do focus, selection and open menus.
 */
export function createKeyed<T, K>(all: Accessor<readonly T[]>, keyOf: (it: T) => K) {
  const byKey = createMemo(() => new Map(all().map((it) => [keyOf(it), it])));
  const keys = createMemo(() => [...byKey().keys()], [], {
    equals: (a, b) => a.length === b.length && a.every((key, at) => key === b[at]),
  });
  /** The current item of a key, or its last one once it is removed. */
  const at = (key: K): Accessor<T> => createMemo<T>((before) => byKey().get(key) ?? before!);
  return { keys, at };
}
