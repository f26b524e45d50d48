import { useChat } from "../../state/chat";
import { t } from "../i18n";
import { Dialog } from "../kit/Dialog";
import { createForm, text } from "../kit/form";
import { RoomFields } from "./RoomFields";

export default function CreateRoom(props: { onClose: () => void; onCreated: (roomId: string) => void }) {
  const chat = useChat();
  const form = createForm(async (data) => {
    props.onCreated((await chat.createRoom(text(data, "name").trim(), text(data, "topic").trim())).id);
  });
  return (
    <Dialog title={t("createRoom")} onClose={props.onClose}>
      <RoomFields form={form} submit={t("create")} onCancel={props.onClose} />
    </Dialog>
  );
}
