// Without Web Locks each tab has a stream of its own, and a browser opens six
// connections to a host and no more: of many tabs, those that were looked at
// last keep theirs, so that calls get through. A pure machine.

/** A hidden tab gives up its stream when so many others were opened or looked at since. */
const MAX_NEWER_TABS = 3;

export class StreamBudget {
  readonly #newerTabs = new Set<string>();

  /** This tab is looked at. */
  reset(): void {
    this.#newerTabs.clear();
  }

  /** Another tab was opened, or is looked at, while this one is hidden. Whether this one is one too many. */
  isExceededBy(tab: string): boolean {
    this.#newerTabs.add(tab);
    return this.#newerTabs.size >= MAX_NEWER_TABS;
  }
}
