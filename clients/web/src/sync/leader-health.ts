// Whether the tab that leads still does: a pure machine. One that hangs keeps
// its lock, and without it nobody has a stream. It is asked, and not listened
// for: a hidden tab's timers come seldom, but what is said to it is heard at once.

/** So many questions without an answer are silence. */
const SILENT = 2;
/** And so many, its end. */
const DEAD = 4;
/** It is there, but has not said what it knows though it was asked so often: a page of before, perhaps, whose code is gone. */
const USELESS = 3;

export class Silence {
  #asked = 0;
  #unsaid = 0;

  /** It has said something. */
  heard(): void {
    this.#asked = 0;
  }

  get isSilent(): boolean {
    return this.#asked > SILENT;
  }

  /** Before it is asked once more: what it is, after all the questions before. `told`: whether it has said what it knows. */
  ask(told: boolean): "well" | "silent" | "dead" {
    const unanswered = this.#asked++;
    this.#unsaid = told ? 0 : this.#unsaid + 1;
    if (unanswered >= DEAD || this.#unsaid > USELESS) {
      this.#asked = this.#unsaid = 0;
      return "dead";
    }
    return unanswered < SILENT ? "well" : "silent";
  }
}
