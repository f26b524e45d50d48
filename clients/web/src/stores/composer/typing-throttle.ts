// When to report that the user is typing: pure. The server's state expires after
// 5 seconds, and it accepts a report every 3 seconds.

const REPEAT_MS = 3_000;

export class TypingThrottle {
  #sentAt = Number.NEGATIVE_INFINITY;

  /** The user typed. Returns whether to report it. */
  input(now: number): boolean {
    if (now - this.#sentAt < REPEAT_MS) return false;
    this.#sentAt = now;
    return true;
  }

  /** The text was sent or cleared. Returns whether to report that typing stopped. */
  stop(now: number): boolean {
    const wasSent = now - this.#sentAt < 5_000;
    this.#sentAt = Number.NEGATIVE_INFINITY;
    return wasSent;
  }
}
