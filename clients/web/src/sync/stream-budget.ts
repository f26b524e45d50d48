// Without Web Locks each tab has a stream of its own, and a browser opens at most six
// connections to a host. Of many tabs, those that were visible last keep their streams,
// so that calls still get a connection. Pure.

/** A hidden tab closes its stream when so many other tabs were opened or visible since. */
const MAX_NEWER_TABS = 3;

export class StreamBudget {
  readonly #newerTabs = new Set<string>();

  /** This tab is visible. */
  reset(): void {
    this.#newerTabs.clear();
  }

  /** Another tab was opened or became visible while this one is hidden. Returns whether this one has to close its stream. */
  isExceededBy(tab: string): boolean {
    this.#newerTabs.add(tab);
    return this.#newerTabs.size >= MAX_NEWER_TABS;
  }
}
