import { Show } from "solid-js";

import type { Message } from "../../domain/types";
import { useChat } from "../../stores/chat";
import { t } from "../i18n";
import { useRoom } from "../room/room-context";

/** How many users have read the newest own message in a group; a click shows who. */
export default function ReadCount(props: { message: Message }) {
  const chat = useChat();
  const context = useRoom();
  const count = () => chat.receiptCounts(props.message.roomId, props.message.seq).read;
  return (
    <Show when={count()}>
      <button type="button" class="read-count" onClick={() => context.showReaders(props.message)}>
        {t("readBy", { count: count() })}
      </button>
    </Show>
  );
}
