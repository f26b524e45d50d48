import { useChat } from "../../stores/chat";
import { t } from "../i18n";
import { Confirm } from "../shared/Confirm";

export default function ArchiveRoom(props: { roomId: string; onClose: () => void }) {
  const chat = useChat();
  return (
    <Confirm
      title={t("archiveRoom")}
      question={t("archiveQuestion", { room: chat.title(props.roomId) })}
      act={() => chat.api.archiveRoom(props.roomId, true)}
      onClose={props.onClose}
    />
  );
}
