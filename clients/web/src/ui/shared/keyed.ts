import { createMemo, type Accessor } from "solid-js";

/**
 * A list by its keys. What is made for each key stays when the thing behind it
 * is another object: with it stay the focus, what is selected, what is open.
 */
export function createKeyed<T, K>(all: Accessor<readonly T[]>, keyOf: (it: T) => K) {
  const byKey = createMemo(() => new Map(all().map((it) => [keyOf(it), it])));
  const keys = createMemo(() => [...byKey().keys()], [], {
    equals: (a, b) => a.length === b.length && a.every((key, at) => key === b[at]),
  });
  /** What a key stands for now; what it stood for last, once it is gone. */
  const at = (key: K): Accessor<T> => createMemo<T>((before) => byKey().get(key) ?? before!);
  return { keys, at };
}
