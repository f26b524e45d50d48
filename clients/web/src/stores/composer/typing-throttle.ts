// When to tell that the user types: a pure machine. The server forgets it after
// 5 seconds, and wants to be told at most every 3.

const REPEAT_MS = 3_000;

export class TypingThrottle {
  #sentAt = Number.NEGATIVE_INFINITY;

  /** The user typed. Whether to say so. */
  input(now: number): boolean {
    if (now - this.#sentAt < REPEAT_MS) return false;
    this.#sentAt = now;
    return true;
  }

  /** The text was sent or cleared. Whether to say that typing stopped. */
  stop(now: number): boolean {
    const wasSent = now - this.#sentAt < 5_000;
    this.#sentAt = Number.NEGATIVE_INFINITY;
    return wasSent;
  }
}
