// Web Locks exist only in secure contexts; over plain HTTP each tab is on its
// own, which the server allows for: refreshes have a grace, repeated sends do
// no harm, and every tab may have its own stream.

/** Whether tabs hear of each other. */
export const hasBroadcastChannel = "BroadcastChannel" in globalThis;
/** Who leads without being heard would leave the others without a stream. */
export const hasWebLocks = hasBroadcastChannel && typeof navigator !== "undefined" && "locks" in navigator;

const queues = new Map<string, Promise<unknown>>();

/** Runs one after the other what has the same name, in all tabs if that can be. */
export function withLock<T>(name: string, work: () => Promise<T>): Promise<T> {
  if (hasWebLocks) return navigator.locks.request(name, work) as Promise<T>;
  const run = (queues.get(name) ?? Promise.resolve()).then(work, work);
  queues.set(name, run);
  return run;
}

export interface LeadershipRequest {
  /** Gives up waiting. */
  readonly signal: AbortSignal;
  /** Takes the lead from the tab that has it. */
  readonly steal: boolean;
}

/**
 * Waits until this tab leads, then does so until the work is done. Another tab
 * may take the lead away meanwhile: the work then goes on without it.
 */
export async function holdLeadership(name: string, { signal, steal }: LeadershipRequest, work: () => Promise<void>): Promise<"done" | "gaveUp" | "stolen"> {
  let isLeader = false;
  const begin = () => ((isLeader = true), work());
  try {
    if (hasWebLocks) await navigator.locks.request(name, steal ? { steal } : { signal }, begin);
    else await begin();
    return "done";
  } catch (error) {
    if (!isLeader && signal.aborted) return "gaveUp";
    if (isLeader && error instanceof DOMException && error.name === "AbortError") return "stolen";
    throw error;
  }
}
