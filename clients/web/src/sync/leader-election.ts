// One tab leads, in turn. A tab that hangs keeps its turn, so that it can be
// taken from it.

import { lead } from "./locks";

export interface LeadingParts {
  /** The lock that says who leads. */
  readonly name: string;
  /** Leads; done when the session has ended, or this tab. */
  readonly work: () => Promise<void>;
  /** Another tab has taken the lead while this one could not say anything. */
  readonly lost: () => void;
}

export class Leading {
  readonly #parts: LeadingParts;
  #waiting = new AbortController();
  #stopped = false;

  constructor(parts: LeadingParts) {
    this.#parts = parts;
  }

  async run(): Promise<void> {
    const { name, work, lost } = this.#parts;
    for (let steal = false; !this.#stopped; ) {
      const { signal } = (this.#waiting = new AbortController());
      const how = await lead(name, { signal, steal }, () => (this.#stopped ? Promise.resolve() : work()));
      if (how === "done") return;
      steal = how === "gaveUp";
      if (how === "stolen" && !this.#stopped) lost();
    }
  }

  /** Waits no longer for the tab that leads. */
  seize(): void {
    this.#waiting.abort();
  }

  stop(): void {
    this.#stopped = true;
    this.#waiting.abort();
  }
}
