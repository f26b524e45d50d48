// A message in few words, for lists and for voices.

import { createEffect, createRoot } from "solid-js";

import type { Message } from "../../nouns";
import type { Chat } from "../../state/chat";
import { plain } from "../../state/markdown";
import { t } from "../i18n";

/** What was said, in one line; of files without words, the first one's name. */
export function said(chat: Chat, { content, senderId, attachments }: Message): string {
  if (content.kind === "deleted") return t("messageDeleted");
  if (chat.isBlocked(senderId)) return t("blockedMessage");
  return content.kind === "text" ? plain(content.text) || (attachments[0]?.name ?? "") : "";
}

/** Calls once with someone's name: now, or when it has come. */
export function named(chat: Chat, userId: string, tell: (name: string) => void): void {
  createRoot((dispose) =>
    createEffect(() => {
      const user = chat.user(userId);
      if (!user) return;
      tell(user.displayName);
      dispose();
    }),
  );
}
