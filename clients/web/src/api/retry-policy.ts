// Calls that are worth waiting for: made again until they come through.

import type { Failure } from "../domain/failure";
import { failureFrom } from "./failures";

const FIRST_WAIT_MS = 250;
const MOST_WAIT_MS = 10_000;

/** Whether the same call may go well later. */
export function mayPass({ code, retryAfterMs }: Failure, signal: AbortSignal): boolean {
  if (signal.aborted) return false;
  return code === "unavailable" || code === "deadline" || (code === "exhausted" && retryAfterMs !== undefined);
}

/** How often something has failed in a row. */
export class Tries {
  #failures = 0;

  /** After `most` failures it is given up. */
  constructor(
    readonly most = Infinity,
    readonly may: typeof mayPass = mayPass,
  ) {}

  /** Waits until it may be tried again; throws the failure if it may not. */
  async after(failure: Failure, signal: AbortSignal): Promise<void> {
    if (!this.may(failure, signal) || this.#failures === this.most) throw failure;
    const wait = Math.min(FIRST_WAIT_MS * 2 ** this.#failures++, MOST_WAIT_MS);
    await pause(failure.retryAfterMs ?? wait * (0.5 + Math.random() / 2), signal);
  }

  over(): void {
    this.#failures = 0;
  }
}

/** Makes a call until it goes well, fails for good, or is given up. */
export async function untilOnline<T>(call: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (const tries = new Tries(); ; ) {
    try {
      return await call();
    } catch (error) {
      await tries.after(failureFrom(error), signal);
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
