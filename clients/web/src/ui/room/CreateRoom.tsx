import { createSignal } from "solid-js";

import type { History } from "../../domain/types";
import { useChat } from "../../stores/chat";
import { t } from "../i18n";
import { Dialog } from "../shared/Dialog";
import { createForm, text } from "../shared/form";
import { Choices } from "../settings/Choices";
import { HistoryField } from "./HistoryField";
import { RoomFields } from "./RoomFields";

export default function CreateRoom(props: { onClose: () => void; onCreated: (roomId: string) => void }) {
  const chat = useChat();
  const [kind, setKind] = createSignal<"public" | "private">("public");
  const [history, setHistory] = createSignal<History>("fromStart");
  const form = createForm(async (data) => {
    props.onCreated((await chat.api.createRoom(text(data, "name").trim(), text(data, "topic").trim(), kind(), history())).id);
  });
  return (
    <Dialog title={t("createRoom")} onClose={props.onClose}>
      <RoomFields form={form} submit={t("create")} onCancel={props.onClose}>
        <Choices
          legend={t("joinPolicy")}
          name="kind"
          value={kind()}
          choices={[
            { value: "public", label: t("publicRoom"), hint: t("publicRoomHint") },
            { value: "private", label: t("privateRoom"), hint: t("privateRoomHint") },
          ]}
          onChange={setKind}
        />
        <HistoryField value={history()} onChange={setHistory} />
      </RoomFields>
    </Dialog>
  );
}
