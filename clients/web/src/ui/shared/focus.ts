// Giving the focus back to what had it.

import { onCleanup } from "solid-js";

/**
 * When this ends, the focus is again where it is now; or, as the tools of a message are
 * there only while it has the focus, on the message; or in the log, which is always there.
 * Whoever has gone elsewhere meanwhile stays there.
 */
export function restoreFocus(within: () => Element): void {
  const before = document.activeElement;
  const row = before?.closest(".msg");
  function restore(): void {
    const now = document.activeElement;
    if (now && now !== document.body && !within().contains(now)) return;
    const to = [before, row, document.querySelector("[role=log]")].find((it) => it?.isConnected && it !== document.body);
    if (to instanceof HTMLElement) to.focus({ preventScroll: true });
  }
  // What was covered by this can have it once this is gone.
  onCleanup(() => queueMicrotask(restore));
}

/** A list whose rows go: where the row with the focus was, the list has it. */
export function keepFocusInList(list: HTMLElement): void {
  let within = false;
  list.tabIndex = -1;
  list.addEventListener("focusin", () => (within = true));
  // What goes leaves the focus nowhere.
  list.addEventListener("focusout", ({ relatedTarget }) => (within = relatedTarget === null));
  const observer = new MutationObserver(() => within && document.activeElement === document.body && list.focus({ preventScroll: true }));
  observer.observe(list, { childList: true });
  onCleanup(() => observer.disconnect());
}
