// Giving the focus back to what had it.

import { onCleanup } from "solid-js";

/**
 * When this ends, the focus is again where it is now; or, as the tools of a message are
 * there only while it has the focus, on the message; or in the log, which is always there.
 * Whoever has gone elsewhere meanwhile stays there.
 */
export function giveFocusBack(within: () => Element): void {
  const before = document.activeElement;
  const row = before?.closest(".msg");
  onCleanup(() => {
    const now = document.activeElement;
    if (now && now !== document.body && !within().contains(now)) return;
    const to = [before, row, document.querySelector("[role=log]")].find((it) => it?.isConnected && it !== document.body);
    if (to instanceof HTMLElement) to.focus({ preventScroll: true });
  });
}
