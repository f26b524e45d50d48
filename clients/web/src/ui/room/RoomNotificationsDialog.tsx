import { useChat } from "../../stores/chat";
import { t } from "../i18n";
import { Dialog } from "../shared/Dialog";
import { MuteChoices, roomMutedUntilText } from "../shared/MuteChoices";
import { attempt } from "../shared/toast";
import { Choices } from "../settings/Choices";

/** What the user wants to hear of a room. */
export default function RoomNotificationsDialog(props: { roomId: string; onClose: () => void }) {
  const chat = useChat();
  const settings = () => chat.room(props.roomId)?.preferences;
  return (
    <Dialog title={t("notifications")} onClose={props.onClose}>
      <div class="notification-choices">
        <Choices
          legend={chat.title(props.roomId)}
          name="level"
          value={settings()?.level ?? "all"}
          choices={[
            { value: "all", label: t("notificationsAll") },
            { value: "mentions", label: t("notificationsMentions") },
            { value: "nothing", label: t("notificationsOff") },
          ]}
          onChange={(level) => attempt(chat.savePreferences(props.roomId, { level }))}
        />
        <MuteChoices
          legend={t("muteRoom")}
          note={roomMutedUntilText(settings()?.mutedUntil ?? 0)}
          end={t("unmuteRoom")}
          until={settings()?.mutedUntil ?? 0}
          onMute={(muteForMs) => void attempt(chat.savePreferences(props.roomId, { muteForMs }))}
        />
      </div>
    </Dialog>
  );
}
