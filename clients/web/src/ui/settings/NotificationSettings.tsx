import { Show, createSignal } from "solid-js";

import { prefs, setPref } from "../../state/prefs";
import { chime } from "../frame/notify";
import { t } from "../i18n";
import { Choices } from "./Choices";

const permission = () => ("Notification" in window ? Notification.permission : "denied");

export function NotificationSettings() {
  const [denied, setDenied] = createSignal(permission() === "denied");
  async function choose(notify: "none" | "direct" | "all"): Promise<void> {
    setPref("notify", notify);
    if (notify !== "none" && permission() === "default") await Notification.requestPermission();
    setDenied(permission() === "denied");
  }
  return (
    <div class="card settings-card">
      <Choices
        legend={t("notifyWhen")}
        name="notify"
        value={prefs().notify}
        choices={[
          { value: "none", label: t("notifyNone") },
          { value: "direct", label: t("notifyDirect") },
          { value: "all", label: t("notifyAll") },
        ]}
        onChange={(notify) => void choose(notify)}
      />
      <Show when={denied() && prefs().notify !== "none"}>
        <p class="problem" role="status">
          {t("notifyDenied")}
        </p>
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
            <small class="hint">{t("notifyHint")}</small>
          </span>
        </label>
      </fieldset>
    </div>
  );
}
