// What has not been wanted yet is fetched while the browser has nothing else to do.

import { late } from "../kit/lazy";

/** Fetches all that has not been wanted yet, so that it is there without a connection. */
export function fetchRest(more: readonly (() => Promise<unknown>)[]): void {
  if ((navigator as { connection?: { saveData?: boolean } }).connection?.saveData) return;
  const idle = window.requestIdleCallback ?? ((work: () => void) => setTimeout(work, 200));
  const next = (at: number): void => {
    // The list grows while it is gone through: what comes may want more.
    const load = at < more.length ? more[at] : late[at - more.length];
    const go = () => idle(() => next(at + 1));
    load?.().then(go, go);
  };
  idle(() => next(0));
}
