import { deferredLoaders } from "../shared/lazy";

/** Where so many cannot be had, the link is away. */
const MAX_FAILURES = 3;

/** Fetches all that has not been wanted yet, so that it is there without a connection; while the browser has nothing else to do. */
export function prefetch(loaders: readonly (() => Promise<unknown>)[]): void {
  if ((navigator as { connection?: { saveData?: boolean } }).connection?.saveData) return;
  const idle = window.requestIdleCallback ?? ((work: () => void) => setTimeout(work, 200));
  let failures = 0;
  const next = (at: number): void => {
    // The list grows while it is gone through: what comes may want more.
    const load = at < loaders.length ? loaders[at] : deferredLoaders[at - loaders.length];
    const go = () => idle(() => next(at + 1));
    load?.().then(go, () => ++failures < MAX_FAILURES && go());
  };
  idle(() => next(0));
}
