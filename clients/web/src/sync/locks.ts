// Web Locks exist only in secure contexts. Over plain HTTP each tab works alone, and
// the server allows for that: a spent refresh token works for a moment longer, repeated
// sends do no harm, and every tab may have its own stream.

/** Whether tabs can send messages to each other. */
export const hasBroadcastChannel = "BroadcastChannel" in globalThis;
/** A leader that cannot broadcast would leave the others without updates. */
export const hasWebLocks = hasBroadcastChannel && typeof navigator !== "undefined" && "locks" in navigator;

const queues = new Map<string, Promise<unknown>>();

/** Runs work of the same name one after the other, across tabs where the browser can do that. */
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
 * Waits until this tab is the leader, then leads until the work is done. Another tab
 * may take over meanwhile; the work then goes on without the lock.
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
