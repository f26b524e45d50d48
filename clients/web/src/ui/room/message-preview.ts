// Short texts of messages, for lists and screen readers.

import { createEffect, createRoot } from "solid-js";

import type { Message } from "../../domain/types";
import type { Chat } from "../../stores/chat";
import { preview } from "../../stores/messages/preview";
import { t } from "../i18n";

/** A preview of a message in one line. */
export function messagePreview(chat: Chat, message: Message): string {
  if (message.content.kind === "deleted") return t("messageDeleted");
  if (chat.isBlocked(message.senderId)) return t("blockedMessage");
  return message.content.kind === "unknown" ? t("unknownMessage") : preview(message);
}

/** Calls back once with a user's name, as soon as it is loaded. */
export function withUserName(chat: Chat, userId: string, callback: (name: string) => void): void {
  createRoot((dispose) =>
    createEffect(() => {
      const user = chat.user(userId);
      if (!user) return;
      callback(user.displayName);
      dispose();
    }),
  );
}
