import { createEffect, type Accessor } from "solid-js";

import type { Begun } from "../../stores/composer/composer-state";
import type { Chat } from "../../stores/chat";

/** A message that is deleted meanwhile can neither be answered nor edited any more. */
export function restWhenGone(chat: Chat, begun: Accessor<Begun>): void {
  createEffect(() => {
    const message = begun().editing() ?? begun().answering();
    if (!message) return;
    const { roomId, seq } = message;
    if (chat.known(roomId, seq)?.content.kind === "deleted" || chat.doomed.has(roomId, seq)) begun().rest();
  });
}
