import { prefs, setPref } from "../../stores/preferences/prefs";
import { t } from "../i18n";
import { Choices } from "./Choices";

export function AppearanceSettings() {
  return (
    <div class="card settings-card">
      <Choices
        legend={t("theme")}
        name="theme"
        value={prefs().theme}
        choices={[
          { value: "system", label: t("themeSystem") },
          { value: "light", label: t("themeLight") },
          { value: "dark", label: t("themeDark") },
        ]}
        onChange={(theme) => setPref("theme", theme)}
      />
      <fieldset class="choices">
        <legend>{t("messageInput")}</legend>
        <label class="choice">
          <input
            type="checkbox"
            checked={prefs().enterSends}
            onChange={(event) => setPref("enterSends", event.currentTarget.checked)}
          />
          <span>
            {t("enterSends")}
            <small class="hint">{t("enterSendsHint")}</small>
          </span>
        </label>
      </fieldset>
    </div>
  );
}
