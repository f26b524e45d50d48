import { Show, createSignal, untrack } from "solid-js";

import { useChat } from "../../stores/chat";
import { AvatarField } from "../files/AvatarField";
import { createAvatarChoice } from "../files/avatar-choice";
import { t } from "../i18n";
import { Avatar } from "../shared/Avatar";
import { Dialog } from "../shared/Dialog";
import { createForm, text } from "../shared/form";
import { HistoryField } from "./HistoryField";
import { RoomFields } from "./RoomFields";

export default function EditRoom(props: { roomId: string; onClose: () => void }) {
  const chat = useChat();
  // What is being written is not overwritten by what others change meanwhile.
  const before = untrack(() => chat.room(props.roomId)?.room);
  const picture = createAvatarChoice(chat, () => before?.pictureId ?? "");
  const [history, setHistory] = createSignal(before?.history ?? "fromStart");
  const [join, setJoin] = createSignal(before?.joinNewAccounts ?? false);
  const form = createForm(async (data) => {
    const name = text(data, "name").trim();
    const topic = text(data, "topic").trim();
    // Each change is told in the room, so only what has changed is sent.
    const avatarFileId = await picture.upload();
    await chat.api.updateRoom(props.roomId, {
      ...(name !== before?.name && { name }),
      ...(topic !== before?.topic && { topic }),
      ...(history() !== before?.history && { history: history() }),
      ...(avatarFileId !== undefined && { avatarFileId }),
      ...(join() !== before?.joinNewAccounts && { joinNewAccounts: join() }),
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
        head={
          <AvatarField choice={picture}>
            <Avatar id={props.roomId} name={before?.name ?? ""} shape="room" size="huge" photo={picture.shown()} preview={picture.preview()} />
          </AvatarField>
        }
        onCancel={props.onClose}
      >
        <HistoryField value={history()} onChange={setHistory} />
        <Show when={chat.permissions(props.roomId).chooseForNewAccounts}>
          <label class="choice">
            <input type="checkbox" checked={join()} onChange={(event) => setJoin(event.currentTarget.checked)} />
            <span>
              {t("joinNewAccounts")}
              <small class="hint">{t("joinNewAccountsHint")}</small>
            </span>
          </label>
        </Show>
      </RoomFields>
    </Dialog>
  );
}
