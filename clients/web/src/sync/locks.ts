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

export interface Turn {
  /** Gives up waiting. */
  readonly signal: AbortSignal;
  /** Takes the lead from the tab that has it. */
  readonly steal: boolean;
}

/**
 * Waits until this tab leads, then does so until the work is done. Another tab
 * may take the lead away meanwhile: the work then goes on without it.
 */
export async function lead(name: string, { signal, steal }: Turn, work: () => Promise<void>): Promise<"done" | "gaveUp" | "stolen"> {
  let led = false;
  const begin = () => ((led = true), work());
  try {
    if (canLock) await navigator.locks.request(name, steal ? { steal } : { signal }, begin);
    else await begin();
    return "done";
  } catch (error) {
    if (!led && signal.aborted) return "gaveUp";
    if (led && error instanceof DOMException && error.name === "AbortError") return "stolen";
    throw error;
  }
}
