// Calls that are worth waiting for: made again until they come through.

import type { Failure } from "../failure";
import { failureFrom } from "./failures";

const FIRST_WAIT_MS = 250;
const MOST_WAIT_MS = 10_000;

/** Whether the same call may go well later. */
export function mayPass({ code, retryAfterMs }: Failure, signal: AbortSignal): boolean {
  if (signal.aborted) return false;
  return code === "unavailable" || code === "deadline" || (code === "exhausted" && retryAfterMs !== undefined);
}

/** Makes a call until it goes well, fails for good, or is given up. */
export async function untilOnline<T>(call: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let wait = FIRST_WAIT_MS; ; wait = Math.min(wait * 2, MOST_WAIT_MS)) {
    try {
      return await call();
    } catch (error) {
      const failure = failureFrom(error);
      if (!mayPass(failure, signal)) throw failure;
      await pause(failure.retryAfterMs ?? wait * (0.5 + Math.random() / 2), signal);
    }
  }
}

/** Over early when the browser is online again, or nobody waits any more. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const over = () => {
      clearTimeout(timer);
      removeEventListener("online", over);
      signal.removeEventListener("abort", over);
      done();
    };
    const timer = setTimeout(over, ms);
    addEventListener("online", over);
    signal.addEventListener("abort", over);
  });
}
