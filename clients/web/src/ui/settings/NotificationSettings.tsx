import { Show } from "solid-js";

import { prefs, setPref } from "../../stores/preferences/prefs";
import { chime } from "../shell/notifications";
import { requestPermission, permission } from "../shell/notification-permission";
import { t } from "../i18n";
import { Choices } from "./Choices";

export function NotificationSettings() {
  const choose = (notify: "none" | "direct" | "all") => {
    setPref("notify", notify);
    if (notify !== "none") void requestPermission();
  };
  return (
    <div class="card settings-card">
      <Choices
        legend={t("notificationScope")}
        name="notify"
        value={prefs().notify}
        choices={[
          { value: "none", label: t("notificationsNone") },
          { value: "direct", label: t("notificationsDirect") },
          { value: "all", label: t("notificationsAll") },
        ]}
        onChange={choose}
      />
      <Show when={prefs().notify !== "none" && permission() !== "granted"}>
        <div class="notification-note" classList={{ "form-error": permission() === "denied", notice: permission() === "default" }} role="status">
          <p>{t(permission() === "denied" ? "notificationPermissionDenied" : "notificationPermissionNeeded")}</p>
          <Show when={permission() === "default"}>
            <button type="button" class="link" onClick={() => void requestPermission()}>
              {t("turnOn")}
            </button>
          </Show>
        </div>
      </Show>
      <fieldset class="choices">
        <legend>{t("soundTitle")}</legend>
        <label class="choice">
          <input
            type="checkbox"
            checked={prefs().sound}
            onChange={(event) => {
              setPref("sound", event.currentTarget.checked);
              if (event.currentTarget.checked) chime();
            }}
          />
          <span>
            {t("sound")}
            <small class="hint">{t("notificationsHint")}</small>
          </span>
        </label>
      </fieldset>
    </div>
  );
}
