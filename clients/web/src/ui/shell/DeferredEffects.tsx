import "./block-file-drop";

import { createEffect } from "solid-js";

import { useChat } from "../../stores/chat";
import { allEmoji } from "../../stores/composer/emoji";
import { createDeferredEffects } from "../../stores/model/deferred-effects";
import { t } from "../i18n";
import { toast } from "../shared/toast";
import { reportActivity } from "./activity";
import { trackSoftKeyboard } from "./soft-keyboard";
import { InAppNotification } from "./InAppNotification";
import { createNotifications } from "./notifications";
import { prefetch } from "./prefetch";
import { showUnreadInTitle } from "./document-title";
import { confirmLeaveWhileUploading } from "./confirm-leave";

/** What shows nothing at first, and therefore comes after what does. */
export default function DeferredEffects() {
  const chat = useChat();
  chat.onRemoval((room, banned) => toast(t(banned ? "bannedFromRoom" : "removedFromRoom", { room }), true));
  const notification = createNotifications(chat);
  reportActivity(chat);
  trackSoftKeyboard();
  confirmLeaveWhileUploading(chat);
  showUnreadInTitle(chat);
  // Last, for it tells of what has come before.
  chat.startEffects(createDeferredEffects);
  // What was not wanted yet shall be there without a connection too.
  createEffect(() => chat.connection().kind === "live" && prefetch([...chat.api.loaders, allEmoji, () => import("../composer/attach-files")]));
  return <InAppNotification notification={notification()} />;
}
