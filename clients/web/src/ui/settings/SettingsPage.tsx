import { For, Match, Switch } from "solid-js";

import { t, type Key } from "../i18n";
import { Icon } from "../shared/Icon";
import { route } from "../shared/router";
import { AppearanceSettings } from "./AppearanceSettings";
import { LanguageSettings } from "./LanguageSettings";
import { NotificationSettings } from "./NotificationSettings";
import { PasswordSettings } from "./PasswordSettings";
import { PrivacySettings } from "./PrivacySettings";
import { ProfileSettings } from "./ProfileSettings";
import { SessionSettings } from "./SessionSettings";

const SECTIONS: readonly { path: string; text: Key }[] = [
  { path: "", text: "profile" },
  { path: "password", text: "password" },
  { path: "sessions", text: "sessions" },
  { path: "privacy", text: "privacy" },
  { path: "notifications", text: "notifications" },
  { path: "appearance", text: "appearance" },
  { path: "language", text: "language" },
];

export default function SettingsPage() {
  const section = () => {
    const now = route();
    return now.page === "settings" ? now.section : "";
  };
  return (
    <div class="page">
      <header class="page-head">
        <a class="icon-button back" href="/" aria-label={t("back")}>
          <Icon name="back" />
        </a>
        <h1>{t("settings")}</h1>
      </header>
      <nav class="tabs" aria-label={t("settings")}>
        <For each={SECTIONS}>
          {({ path, text }) => (
            <a href={path ? `/settings/${path}` : "/settings"} aria-current={section() === path ? "page" : undefined}>
              {t(text)}
            </a>
          )}
        </For>
      </nav>
      <Switch fallback={<ProfileSettings />}>
        <Match when={section() === "password"}>
          <PasswordSettings />
        </Match>
        <Match when={section() === "sessions"}>
          <SessionSettings />
        </Match>
        <Match when={section() === "privacy"}>
          <PrivacySettings />
        </Match>
        <Match when={section() === "notifications"}>
          <NotificationSettings />
        </Match>
        <Match when={section() === "appearance"}>
          <AppearanceSettings />
        </Match>
        <Match when={section() === "language"}>
          <LanguageSettings />
        </Match>
      </Switch>
    </div>
  );
}
