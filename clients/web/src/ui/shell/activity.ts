import { onCleanup } from "solid-js";

import type { Chat } from "../../stores/chat";

/** Whoever touches the page is there. */
export function reportActivity(chat: Chat): void {
  const active = () => chat.recordActivity();
  const kinds = ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"];
  for (const kind of kinds) window.addEventListener(kind, active, { passive: true });
  onCleanup(() => {
    for (const kind of kinds) window.removeEventListener(kind, active);
  });
}
