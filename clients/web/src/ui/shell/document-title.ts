// The title and icon of the browser's tab: the page, the number of unread messages that notify, and a dot.

import { createEffect, onCleanup } from "solid-js";

import type { Chat } from "../../stores/chat";
import { t } from "../i18n";
import { formatCount } from "../i18n/format-values";
import { route } from "../shared/router";
import { createNotifiableUnread } from "./notifiable-unread";

export function showUnreadInTitle(chat: Chat): void {
  const icon = document.querySelector<HTMLLinkElement>("link[rel=icon]");
  const sum = createNotifiableUnread(chat);
  const page = () => {
    const now = route();
    switch (now.page) {
      case "room":
        return chat.room(now.roomId) || chat.connection().kind !== "live" ? chat.title(now.roomId) : t("rooms");
      case "directory":
        return t("directory");
      case "mentions":
        return t("mentions");
      case "search":
        return t("searchMessages");
      case "settings":
        return t("settings");
      case "admin":
        return t("administration");
      case "invite":
        return t("inviteLink");
      case "recover":
        return t("recoverTitle");
      case "lost":
        return t("notFound");
      default:
        return undefined;
    }
  };
  createEffect(() => {
    const name = [page(), t("appName")].filter(Boolean).join(" · ");
    document.title = sum().count ? `(${formatCount(sum())}) ${name}` : name;
    if (icon) icon.href = sum().count ? "/favicon-unread.svg" : "/favicon.svg";
  });
  onCleanup(() => {
    document.title = t("appName");
    if (icon) icon.href = "/favicon.svg";
  });
}
