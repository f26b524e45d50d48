// Short notes at the edge of the page, which go by themselves.

import { createSignal } from "solid-js";

import { explain } from "../i18n";

const STAYS_MS = 5_000;

export interface Toast {
  readonly id: number;
  readonly text: string;
  readonly bad: boolean;
}

const [toasts, setToasts] = createSignal<readonly Toast[]>([]);
export { toasts };
let last = 0;

export function toast(text: string, bad = false): void {
  const id = ++last;
  setToasts([...toasts().slice(-2), { id, text, bad }]);
  setTimeout(() => setToasts(toasts().filter((it) => it.id !== id)), STAYS_MS);
}

/** Says so if it fails. Whether it went well. */
export async function attempt(work: Promise<unknown>): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (error) {
    toast(explain(error), true);
    return false;
  }
}
