// Restores the focus.

import { onCleanup } from "solid-js";

/**
 * When the owner is cleaned up, the focus goes back to where it is now; or to the message,
 * since its actions exist only while it has the focus; or to the log, which always exists.
 * If the user has moved the focus elsewhere meanwhile, it stays there.
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

/** When the row with the focus is removed from a list, the list gets the focus. */
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
