import { onCleanup, onMount } from "solid-js";

import type { Message } from "../../domain/types";
import { useChat } from "../../stores/chat";
import { UNDO_MS } from "../../stores/messages/pending-deletions";
import { t } from "../i18n";

/** Undoes a deletion while there is time. `focused`: the deleted message had the focus. */
export default function UndoButton(props: { message: Message; until: number; focused: boolean }) {
  const chat = useChat();
  let button!: HTMLButtonElement;
  const { focused, until } = props;
  onMount(() => focused && button.focus({ preventScroll: true }));
  // When the button disappears, the focus stays with the message.
  onCleanup(() => document.activeElement === button && button.closest<HTMLElement>(".msg")?.focus({ preventScroll: true }));
  return (
    <button
      ref={button}
      type="button"
      class="link undo"
      style={{ "--undo": `${UNDO_MS}ms`, "--gone": `${until - UNDO_MS - Date.now()}ms` }}
      onClick={() => chat.deletions.undo(props.message.roomId, props.message.seq)}
    >
      {t("undo")}
    </button>
  );
}
