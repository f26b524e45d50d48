import { deferredLoaders } from "../shared/lazy";

/** After so many failures there is no connection. */
const MAX_FAILURES = 3;

/** Loads all code that was not needed yet, so that it works without a connection; only while the browser is idle. */
export function prefetch(loaders: readonly (() => Promise<unknown>)[]): void {
  if ((navigator as { connection?: { saveData?: boolean } }).connection?.saveData) return;
  const idle = window.requestIdleCallback ?? ((work: () => void) => setTimeout(work, 200));
  let failures = 0;
  const next = (at: number): void => {
    // The list grows meanwhile, since loaded code may bring more loaders.
    const load = at < loaders.length ? loaders[at] : deferredLoaders[at - loaders.length];
    const go = () => idle(() => next(at + 1));
    load?.().then(go, () => ++failures < MAX_FAILURES && go());
  };
  idle(() => next(0));
}
