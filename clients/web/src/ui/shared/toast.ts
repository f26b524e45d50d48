// Short notices at the edge of the page, which disappear by themselves.

import { createSignal } from "solid-js";

import { explain } from "../i18n";

const TOAST_DURATION_MS = 5_000;

export interface Toast {
  readonly id: number;
  readonly text: string;
  readonly isError: boolean;
}

const [toasts, setToasts] = createSignal<readonly Toast[]>([]);
export { toasts };
let last = 0;

export function toast(text: string, isError = false): void {
  const id = ++last;
  setToasts([...toasts().slice(-2), { id, text, isError }]);
  setTimeout(() => setToasts(toasts().filter((it) => it.id !== id)), TOAST_DURATION_MS);
}

/** Shows a toast if the work fails. Returns whether it succeeded. */
export async function attempt(work: Promise<unknown>): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (error) {
    toast(explain(error), true);
    return false;
  }
}
