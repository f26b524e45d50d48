import { createSignal } from "solid-js";

import type { User } from "../../domain/types";
import { useChat } from "../../stores/chat";
import { t } from "../i18n";
import { Dialog } from "../shared/Dialog";
import { attempt } from "../shared/toast";
import { navigate, roomPath } from "../shared/router";
import { PeopleSearch } from "./PeopleSearch";

/** Whom to write to. */
export default function NewDirectMessage(props: { onClose: () => void }) {
  const chat = useChat();
  const [busy, setBusy] = createSignal(false);
  async function open(user: User): Promise<void> {
    setBusy(true);
    const done = await attempt(
      chat.api.openDirectRoom(user.id).then((room) => (props.onClose(), navigate(roomPath(room.id)))),
    );
    if (!done) setBusy(false);
  }
  return (
    <Dialog title={t("newDirect")} onClose={props.onClose}>
      <PeopleSearch disabled={busy()} onChoose={(user) => void open(user)} />
    </Dialog>
  );
}
