import { prefs, setPref } from "../../stores/preferences/prefs";
import { LANGUAGES, t } from "../i18n";
import { Choices } from "./Choices";

export function LanguageSettings() {
  return (
    <div class="card settings-card">
      <Choices
        legend={t("language")}
        name="language"
        value={prefs().language}
        choices={[
          { value: "", label: t("languageSystem") },
          ...Object.entries(LANGUAGES).map(([value, label]) => ({ value, label, lang: value })),
        ]}
        onChange={(language) => setPref("language", language)}
      />
    </div>
  );
}
