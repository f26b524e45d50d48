// Whether the tab that leads still does: a pure machine. One that hangs keeps
// its lock, and without it nobody has a stream. It is asked, and not listened
// for: a hidden tab's timers come seldom, but what is said to it is heard at once.

/** So many questions without an answer are silence. */
const SILENT_AFTER = 2;
/** And so many, its end. */
const DEAD_AFTER = 4;
/** It is there, but has not said what it knows though it was asked so often: a page of before, perhaps, whose code is gone. */
const USELESS_AFTER = 3;

export class LeaderHealth {
  #pings = 0;
  #snapshotRequests = 0;

  /** It has said something. */
  recordAnswer(): void {
    this.#pings = 0;
  }

  get isSilent(): boolean {
    return this.#pings > SILENT_AFTER;
  }

  /** Before it is asked once more: what it is, after all the questions before. `told`: whether it has said what it knows. */
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
