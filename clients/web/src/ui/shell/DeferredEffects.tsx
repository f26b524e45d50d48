import "./block-file-drop";

import { createEffect } from "solid-js";

import { useChat } from "../../stores/chat";
import { allEmoji } from "../../stores/composer/emoji";
import { createDeferredEffects } from "../../stores/model/deferred-effects";
import { t } from "../i18n";
import { toast } from "../shared/toast";
import { watchActivity } from "./activity";
import { makeRoomForKeyboard } from "./soft-keyboard";
import { NewsCard } from "./InAppNotification";
import { notifyOfArrivals } from "./notifications";
import { fetchRest } from "./prefetch";
import { showUnreadInTitle } from "./document-title";
import { keepUploads } from "./confirm-leave";

/** What shows nothing at first, and therefore comes after what does. */
export default function Afterwards() {
  const chat = useChat();
  chat.onRemoval((room, banned) => toast(t(banned ? "youWereBanned" : "youWereRemoved", { room }), true));
  const news = notifyOfArrivals(chat);
  watchActivity(chat);
  makeRoomForKeyboard();
  keepUploads(chat);
  showUnreadInTitle(chat);
  // Last, for it tells of what has come before.
  chat.startEffects(createDeferredEffects);
  // What was not wanted yet shall be there without a connection too.
  createEffect(() => chat.connection().kind === "live" && fetchRest([...chat.api.loaders, allEmoji, () => import("../composer/attach-files")]));
  return <NewsCard news={news()} />;
}
