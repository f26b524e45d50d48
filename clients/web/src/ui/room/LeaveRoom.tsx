import { Failure } from "../../domain/failure";
import { useChat } from "../../stores/chat";
import { t } from "../i18n";
import { Confirm } from "../shared/Confirm";
import { navigate } from "../shared/router";

export default function LeaveRoom(props: { roomId: string; onClose: () => void }) {
  const chat = useChat();
  const hidden = chat.room(props.roomId)?.room.kind === "private";
  const question = t(hidden ? "leavePrivateQuestion" : "leaveRoomQuestion", { room: chat.title(props.roomId) });
  return (
    <Confirm
      title={t("leaveRoom")}
      question={question}
      explain={(failure) => (failure instanceof Failure && failure.reason === "LAST_OWNER" ? t("lastOwner") : undefined)}
      act={async () => {
        await chat.api.leaveRoom(props.roomId);
        navigate("/");
      }}
      onClose={props.onClose}
    />
  );
}
