import { useChat } from "../../stores/chat";
import { t } from "../i18n";

/** The page of a recovery link for a signed-in user, who has to sign out first. */
export default function RecoverSignedIn(props: { onLeave: () => void }) {
  const chat = useChat();
  return (
    <div class="empty">
      <h1>{t("recoverTitle")}</h1>
      <p class="muted">{t("recoverSignOut", { name: chat.me().displayName })}</p>
      <div class="row">
        <button type="button" class="button button-primary" onClick={() => props.onLeave()}>
          {t("signOut")}
        </button>
        <a class="button" href="/">
          {t("home")}
        </a>
      </div>
    </div>
  );
}
