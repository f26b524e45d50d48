import { createEffect, type Accessor } from "solid-js";

import type { ComposerState } from "../../stores/composer/composer-state";
import type { Chat } from "../../stores/chat";

/** Cancels the reply to or edit of a message when that is deleted. */
export function cancelWhenDeleted(chat: Chat, composer: Accessor<ComposerState>): void {
  createEffect(() => {
    const message = composer().editTarget() ?? composer().replyTarget();
    if (!message) return;
    const { roomId, seq } = message;
    if (chat.loadedMessage(roomId, seq)?.content.kind === "deleted" || chat.deletions.has(roomId, seq)) composer().reset();
  });
}
