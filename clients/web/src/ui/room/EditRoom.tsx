import { untrack } from "solid-js";

import { useChat } from "../../state/chat";
import { t } from "../i18n";
import { Dialog } from "../kit/Dialog";
import { createForm, text } from "../kit/form";
import { RoomFields } from "./RoomFields";

export default function EditRoom(props: { roomId: string; onClose: () => void }) {
  const chat = useChat();
  // What is being written is not overwritten by what others change meanwhile.
  const before = untrack(() => chat.room(props.roomId)?.room);
  const form = createForm(async (data) => {
    const name = text(data, "name").trim();
    const topic = text(data, "topic").trim();
    // Each change is told in the room, so only what has changed is sent.
    await chat.api.updateRoom(props.roomId, {
      ...(name !== before?.name && { name }),
      ...(topic !== before?.topic && { topic }),
    });
    props.onClose();
  });
  return (
    <Dialog title={t("editRoom")} onClose={props.onClose}>
      <RoomFields
        form={form}
        name={before?.name ?? ""}
        topic={before?.topic ?? ""}
        submit={t("save")}
        onCancel={props.onClose}
      />
    </Dialog>
  );
}
