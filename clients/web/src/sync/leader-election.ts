// Elects one tab as the leader. A tab that hangs keeps its lock, so another tab
// can take the lock over.

import { holdLeadership } from "./locks";

export interface LeaderElectionParts {
  /** The lock that says who leads. */
  readonly name: string;
  /** Does the leader's work. It is done when the session or this tab has ended. */
  readonly lead: () => Promise<void>;
  /** Another tab has taken over the lead while this one did not respond. */
  readonly onLost: () => void;
}

export class LeaderElection {
  readonly #parts: LeaderElectionParts;
  #turn = new AbortController();
  #stopped = false;

  constructor(parts: LeaderElectionParts) {
    this.#parts = parts;
  }

  async run(): Promise<void> {
    const { name, lead, onLost } = this.#parts;
    for (let steal = false; !this.#stopped; ) {
      const { signal } = (this.#turn = new AbortController());
      const outcome = await holdLeadership(name, { signal, steal }, () => (this.#stopped ? Promise.resolve() : lead()));
      if (outcome === "done") return;
      steal = outcome === "gaveUp";
      if (outcome === "stolen" && !this.#stopped) onLost();
    }
  }

  /** Takes the lock from the leader instead of waiting for it. */
  takeOver(): void {
    this.#turn.abort();
  }

  stop(): void {
    this.#stopped = true;
    this.#turn.abort();
  }
}
