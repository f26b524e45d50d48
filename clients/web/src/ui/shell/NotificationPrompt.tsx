import "../shared/deferred-icons";

import { Show, createEffect, createSignal } from "solid-js";

import { useChat } from "../../stores/chat";
import { prefs, setPref } from "../../stores/preferences/prefs";
import { t } from "../i18n";
import { Icon } from "../shared/Icon";
import { createMedia } from "../shared/media";
import { toast } from "../shared/toast";
import { requestPermission, permission } from "./notification-permission";

/** Asks a user who has written a message, once, whether to turn on notifications. */
export default function NotificationPrompt() {
  const chat = useChat();
  // Browsers on phones do not show notifications of a page.
  const touch = createMedia("(pointer: coarse)");
  const [hasWritten, setHasWritten] = createSignal(false);
  createEffect(() => chat.rooms().some(({ view }) => view.lastMessage?.senderId === chat.me().id) && setHasWritten(true));

  async function turnOn(): Promise<void> {
    setPref("notify", "all");
    const answer = await requestPermission();
    if (answer !== "granted") toast(t(answer === "denied" ? "notificationPermissionDenied" : "notificationPermissionNeeded"), true);
  }
  return (
    <div role="status">
      <Show when={hasWritten() && !prefs().asked && permission() === "default" && !touch()}>
        <div class="notification-prompt">
          <Icon name="bell" />
          <p>{t("notificationPrompt")}</p>
          <button type="button" class="link" onClick={() => void turnOn()}>
            {t("turnOn")}
          </button>
          <button type="button" class="link" onClick={() => setPref("asked", true)}>
            {t("notNow")}
          </button>
        </div>
      </Show>
    </div>
  );
}
