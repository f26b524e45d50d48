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

/** Effects that show nothing at first, and are therefore loaded later. */
export default function DeferredEffects() {
  const chat = useChat();
  chat.onRemoval((room, banned) => toast(t(banned ? "bannedFromRoom" : "removedFromRoom", { room }), true));
  const notification = createNotifications(chat);
  reportActivity(chat);
  trackSoftKeyboard();
  confirmLeaveWhileUploading(chat);
  showUnreadInTitle(chat);
  // Last, since it processes the updates that came before.
  chat.startEffects(createDeferredEffects);
  // Code that was not needed yet must be available without a connection.
  createEffect(() => chat.connection().kind === "live" && prefetch([...chat.api.loaders, allEmoji, () => import("../composer/attach-files")]));
  return <InAppNotification notification={notification()} />;
}
