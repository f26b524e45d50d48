import { onCleanup } from "solid-js";

import type { Chat } from "../../stores/chat";

/** Whoever leaves the page while files are on their way is asked: with the page they are lost. */
export function confirmLeaveWhileUploading(chat: Chat): void {
  const onBeforeUnload = (event: BeforeUnloadEvent) => chat.composer.isUploading() && event.preventDefault();
  window.addEventListener("beforeunload", onBeforeUnload);
  onCleanup(() => window.removeEventListener("beforeunload", onBeforeUnload));
}
