import { onCleanup } from "solid-js";

import type { Chat } from "../../stores/chat";

/** Reports input on the page as activity. */
export function reportActivity(chat: Chat): void {
  const active = () => chat.recordActivity();
  const kinds = ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"];
  for (const kind of kinds) window.addEventListener(kind, active, { passive: true });
  onCleanup(() => {
    for (const kind of kinds) window.removeEventListener(kind, active);
  });
}
