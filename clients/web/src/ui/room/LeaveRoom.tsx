import { useChat } from "../../state/chat";
import { Failure } from "../../failure";
import { t } from "../i18n";
import { Dialog } from "../kit/Dialog";
import { createForm } from "../kit/form";
import { Problem } from "../kit/Problem";
import { navigate } from "../router";

export default function LeaveRoom(props: { roomId: string; onClose: () => void }) {
  const chat = useChat();
  const name = chat.room(props.roomId)?.room.name ?? "";
  const form = createForm(async () => {
    await chat.leaveRoom(props.roomId);
    props.onClose();
    navigate("/");
  });
  const problem = () => {
    const failure = form.failure();
    return failure instanceof Failure && failure.reason === "LAST_OWNER" ? t("lastOwner") : form.problem();
  };
  return (
    <Dialog title={t("leaveRoom")} onClose={props.onClose}>
      <form onSubmit={form.submit}>
        <p>{t("leaveRoomQuestion", { room: name })}</p>
        <Problem text={problem()} />
        <div class="dialog-foot">
          <button type="button" class="button" autofocus onClick={() => props.onClose()}>
            {t("cancel")}
          </button>
          <button class="button button-danger" disabled={form.busy()}>
            {t("leaveRoom")}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
