// Without Web Locks each tab has a stream of its own, and a browser opens six
// connections to a host and no more: of many tabs, those that were looked at
// last keep theirs, so that calls get through. A pure machine.

/** A hidden tab gives up its stream when so many others were opened or looked at since. */
const MOST_SINCE = 3;

export class Crowd {
  readonly #since = new Set<string>();

  /** This tab is looked at. */
  looked(): void {
    this.#since.clear();
  }

  /** Another tab was opened, or is looked at, while this one is hidden. Whether this one is one too many. */
  other(tab: string): boolean {
    this.#since.add(tab);
    return this.#since.size >= MOST_SINCE;
  }
}
