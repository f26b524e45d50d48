// Whether the tab that leads still does: a pure machine. One that hangs keeps
// its lock, and without it nobody has a stream. It is asked, and not listened
// for: a hidden tab's timers come seldom, but what is said to it is heard at once.

/** So many questions without an answer are silence. */
const SILENT = 2;
/** And so many, its end. */
const DEAD = 4;

export class Silence {
  #asked = 0;

  /** It has said something. */
  heard(): void {
    this.#asked = 0;
  }

  get isSilent(): boolean {
    return this.#asked > SILENT;
  }

  /** Before it is asked once more: what it is, after all the questions before. */
  ask(): "well" | "silent" | "dead" {
    const unanswered = this.#asked++;
    if (unanswered < SILENT) return "well";
    return unanswered < DEAD ? "silent" : "dead";
  }
}
