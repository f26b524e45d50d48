import type { PresenceState } from "../../domain/types";
import { useChat } from "../../stores/chat";
import { t } from "../i18n";
import { Avatar, PRESENCE_TEXT } from "../shared/Avatar";
import { Icon } from "../shared/Icon";
import { Menu, type MenuItem } from "../shared/Menu";
import { navigate } from "../shared/router";
import type { ShellOverlay } from "./SignedIn";

const CHOICES: readonly PresenceState[] = ["online", "doNotDisturb", "invisible"];

/** The user's own account: presence, status, and the account menu. */
export function AccountBar(props: { onOverlay: (overlay: ShellOverlay) => void; onLogout: () => void }) {
  const chat = useChat();
  const presence = () => chat.presenceChoice();
  const items = (): MenuItem[] => [
    ...CHOICES.map((state) => ({
      label: t(PRESENCE_TEXT[state]),
      dot: `dot-${state}`,
      checked: presence() === state,
      act: () => chat.choosePresence(state),
    })),
    { label: t("setStatus"), icon: "smile", separated: true, act: () => props.onOverlay("status") },
    { label: t("settings"), icon: "settings", act: () => navigate("/settings") },
    ...(chat.role() === "admin" ? [{ label: t("administration"), icon: "users" as const, act: () => navigate("/admin") }] : []),
    { label: t("shortcuts"), icon: "keyboard", act: () => props.onOverlay("shortcuts") },
    { label: t("signOut"), icon: "leave", act: props.onLogout },
  ];
  return (
    // Loads the role before the menu is opened.
    <div class="account-bar" onPointerEnter={chat.loadRole} onFocusIn={chat.loadRole}>
      <Menu class="account-button" hasLabel label={t("accountMenu")} side="above" items={items()}>
        <Avatar id={chat.me().id} name={chat.me().displayName} photo={chat.me().photoId} presence={presence()} />
        <span class="account-text">
          <span class="account-name" dir="auto">
            {chat.me().displayName}
          </span>
          <span class="account-status" dir="auto">
            {chat.me().statusText || t(PRESENCE_TEXT[presence()])}
          </span>
        </span>
      </Menu>
      <a class="icon-button" href="/settings" aria-label={t("settings")} title={t("settings")}>
        <Icon name="settings" />
      </a>
    </div>
  );
}
