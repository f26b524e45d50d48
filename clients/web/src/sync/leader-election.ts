// One tab leads, in turn. A tab that hangs keeps its turn, so that it can be
// taken from it.

import { holdLeadership } from "./locks";

export interface LeaderElectionParts {
  /** The lock that says who leads. */
  readonly name: string;
  /** Leads; done when the session has ended, or this tab. */
  readonly lead: () => Promise<void>;
  /** Another tab has taken the lead while this one could not say anything. */
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

  /** Waits no longer for the tab that leads. */
  takeOver(): void {
    this.#turn.abort();
  }

  stop(): void {
    this.#stopped = true;
    this.#turn.abort();
  }
}
