import { useChat } from "../../stores/chat";
import { t } from "../i18n";

/** Where a recovery link leads who is signed in: one account at a time. */
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
