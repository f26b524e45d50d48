// Messages that have not been acknowledged: a pure queue. Each has its
// `clientMessageId` from the start, so that sending it again is harmless.

import type { Failure } from "../domain/failure";
import type { Unsent } from "../domain/types";

const FIRST_DELAY_MS = 500;
const MAX_DELAY_MS = 30_000;

interface OutboxItem {
  readonly message: Unsent;
  inFlight: boolean;
  failures: number;
  notBefore: number;
  /** Whether the server has set `notBefore`. */
  serverDelay: boolean;
}

/**
 * The outcome of an attempt to send: `done`, successfully or not; `again`, it stays and is
 * tried later; `unknown`, no such message is in the outbox.
 */
export type SendOutcome = "done" | "again" | "unknown";

/** The queue. Messages of a room leave one after the other, in order. */
export class Outbox {
  #entries: OutboxItem[] = [];

  constructor(messages: Iterable<Unsent> = []) {
    for (const message of messages) this.push(message);
  }

  /** Adding a message twice changes nothing. */
  push(message: Unsent): void {
    if (this.#find(message.clientMessageId)) return;
    this.#entries.push({ message, inFlight: false, failures: 0, notBefore: 0, serverDelay: false });
  }

  /** The next message that may leave now; it is in flight from here on. */
  next(now: number): Unsent | undefined {
    const blocked = new Set<string>();
    for (const entry of this.#entries) {
      const { roomId } = entry.message;
      if (blocked.has(roomId)) continue;
      if (!entry.inFlight && entry.notBefore <= now) {
        entry.inFlight = true;
        return entry.message;
      }
      blocked.add(roomId);
    }
    return undefined;
  }

  /** When a message that waits may leave. */
  wakesAt(): number | undefined {
    const times = this.#entries.filter((e) => !e.inFlight && e.notBefore > 0).map((e) => e.notBefore);
    return times.length ? Math.min(...times) : undefined;
  }

  /** The answer to an attempt. */
  onResult(id: string, failure: Failure | undefined, now: number): SendOutcome {
    const entry = this.#find(id);
    if (!entry) return "unknown";
    if (failure && !failure.isFinal) {
      const delay = FIRST_DELAY_MS * 2 ** Math.min(entry.failures, 10);
      entry.inFlight = false;
      entry.failures += 1;
      entry.serverDelay = failure.retryAfterMs !== undefined;
      entry.notBefore = now + Math.min(failure.retryAfterMs ?? delay, MAX_DELAY_MS);
      return "again";
    }
    this.remove(id);
    return "done";
  }

  /** The writer does not want it any more. */
  remove(id: string): void {
    this.#entries = this.#entries.filter((e) => e.message.clientMessageId !== id);
  }

  /**
   * The connection is lost. Messages in flight may or may not have arrived, and are
   * sent again. Back-off from this connection does not delay the next one.
   */
  onDisconnect(): void {
    for (const entry of this.#entries) {
      entry.inFlight = false;
      entry.failures = 0;
      if (!entry.serverDelay) entry.notBefore = 0;
    }
  }

  /** What waits, oldest first. */
  messages(): Unsent[] {
    return this.#entries.map((entry) => entry.message);
  }

  #find(id: string): OutboxItem | undefined {
    return this.#entries.find((entry) => entry.message.clientMessageId === id);
  }
}
