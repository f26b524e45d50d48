import { useChat } from "../../stores/chat";
import { t } from "../i18n";
import { Confirm } from "../shared/Confirm";

/** Asks before signing out if something would be lost. */
export default function SignOutDialog(props: { onClose: () => void }) {
  const chat = useChat();
  const losses = [
    ...(chat.unsent().length ? [t("unsentWillBeLost", { count: chat.unsent().length })] : []),
    ...(chat.composer.isUploading() ? [t("uploadsWillBeLost")] : []),
  ];
  return <Confirm title={t("signOut")} question={losses.join(" ")} act={chat.signOut} onClose={props.onClose} />;
}
