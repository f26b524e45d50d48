import { onCleanup } from "solid-js";

import type { Chat } from "../../stores/chat";

/** Whoever leaves the page while files are on their way is asked: with the page they are lost. */
export function keepUploads(chat: Chat): void {
  const ask = (event: BeforeUnloadEvent) => chat.composer.isUploading() && event.preventDefault();
  window.addEventListener("beforeunload", ask);
  onCleanup(() => window.removeEventListener("beforeunload", ask));
}
