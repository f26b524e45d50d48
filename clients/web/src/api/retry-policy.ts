// Calls that are worth waiting for: made again until they come through.

import type { Failure } from "../domain/failure";
import { failureFrom } from "./failures";

const FIRST_WAIT_MS = 250;
const MAX_WAIT_MS = 10_000;

/** Whether the same call may go well later. */
export function isRetryable({ code, retryAfterMs }: Failure, signal: AbortSignal): boolean {
  if (signal.aborted) return false;
  return code === "unavailable" || code === "deadline" || (code === "exhausted" && retryAfterMs !== undefined);
}

/** How often something has failed in a row. */
export class RetryPolicy {
  #failures = 0;

  /** After `maxFailures` failures in a row it is given up. */
  constructor(
    readonly maxFailures = Infinity,
    readonly canRetry: typeof isRetryable = isRetryable,
  ) {}

  /** Waits until it may be tried again; throws the failure if it may not. */
  async waitAfter(failure: Failure, signal: AbortSignal): Promise<void> {
    if (!this.canRetry(failure, signal) || this.#failures === this.maxFailures) throw failure;
    const wait = Math.min(FIRST_WAIT_MS * 2 ** this.#failures++, MAX_WAIT_MS);
    await pause(failure.retryAfterMs ?? wait * (0.5 + Math.random() / 2), signal);
  }

  reset(): void {
    this.#failures = 0;
  }
}

/** Makes a call until it goes well, fails for good, or is given up. */
export async function retryUntilDone<T>(call: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (const policy = new RetryPolicy(); ; ) {
    try {
      return await call();
    } catch (error) {
      await policy.waitAfter(failureFrom(error), signal);
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
