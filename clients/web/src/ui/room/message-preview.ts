// A message in few words, for lists and for voices.

import { createEffect, createRoot } from "solid-js";

import type { Message } from "../../domain/types";
import type { Chat } from "../../stores/chat";
import { preview } from "../../stores/messages/preview";
import { t } from "../i18n";

/** A message in one line, wherever it is told of outside of its place. */
export function messagePreview(chat: Chat, message: Message): string {
  if (message.content.kind === "deleted") return t("messageDeleted");
  if (chat.isBlocked(message.senderId)) return t("blockedMessage");
  return message.content.kind === "unknown" ? t("unknownMessage") : preview(message);
}

/** Calls once with someone's name: now, or when it has come. */
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
