// Web Locks exist only in secure contexts; over plain HTTP each tab is on its
// own, which the server allows for: refreshes have a grace, repeated sends do
// no harm, and every tab may have its own stream.

/** Whether tabs hear of each other. */
export const canTell = "BroadcastChannel" in globalThis;
/** Who leads without being heard would leave the others without a stream. */
export const canLock = canTell && typeof navigator !== "undefined" && "locks" in navigator;

const queues = new Map<string, Promise<unknown>>();

/** Runs one after the other what has the same name, in all tabs if that can be. */
export function exclusively<T>(name: string, work: () => Promise<T>): Promise<T> {
  if (canLock) return navigator.locks.request(name, work) as Promise<T>;
  const run = (queues.get(name) ?? Promise.resolve()).then(work, work);
  queues.set(name, run);
  return run;
}

/** Waits until this tab leads, then holds that until `signal` aborts. */
export async function lead(name: string, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  if (!canLock) return work();
  try {
    await navigator.locks.request(name, { signal }, work);
  } catch (error) {
    // Stopped before it was this tab's turn.
    if (!signal.aborted) throw error;
  }
}
