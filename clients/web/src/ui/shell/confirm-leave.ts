import { onCleanup } from "solid-js";

import type { Chat } from "../../stores/chat";

/** Asks before the page is closed while files are uploading, because they would be lost. */
export function confirmLeaveWhileUploading(chat: Chat): void {
  const onBeforeUnload = (event: BeforeUnloadEvent) => chat.composer.isUploading() && event.preventDefault();
  window.addEventListener("beforeunload", onBeforeUnload);
  onCleanup(() => window.removeEventListener("beforeunload", onBeforeUnload));
}
