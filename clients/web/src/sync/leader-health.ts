// Whether the leader still works: pure. A leader that hangs keeps its lock, and no
// other tab has a stream. Followers ask it instead of waiting for its signals: the
// timers of a hidden tab run seldom, but messages reach it at once.

/** After so many unanswered pings the leader counts as silent. */
const SILENT_AFTER = 2;
/** After so many unanswered pings another tab takes over. */
const DEAD_AFTER = 4;
/** After so many requests without a snapshot the leader is replaced. It may be an old page whose code is gone from the server. */
const USELESS_AFTER = 3;

export class LeaderHealth {
  #pings = 0;
  #snapshotRequests = 0;

  /** The leader has answered. */
  recordAnswer(): void {
    this.#pings = 0;
  }

  get isSilent(): boolean {
    return this.#pings > SILENT_AFTER;
  }

  /** Call before each ping. Returns the leader's state after all pings before. `hasSnapshot`: whether the leader has sent one. */
  check(hasSnapshot: boolean): "well" | "silent" | "dead" {
    const unanswered = this.#pings++;
    this.#snapshotRequests = hasSnapshot ? 0 : this.#snapshotRequests + 1;
    if (unanswered >= DEAD_AFTER || this.#snapshotRequests > USELESS_AFTER) {
      this.#pings = this.#snapshotRequests = 0;
      return "dead";
    }
    return unanswered < SILENT_AFTER ? "well" : "silent";
  }
}
