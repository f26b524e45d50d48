import { Show } from "solid-js";

import { useChat } from "../../stores/chat";
import { formatCount, formatUnread } from "../i18n/format-values";
import { createHeard } from "../shell/notifiable-unread";
import { useRoom } from "./room-context";

const MOST = 99;

/** On the way back, how much is unread in other rooms: a phone shows no list of them meanwhile. */
export default function Elsewhere() {
  const { roomId } = useRoom();
  const unread = createHeard(useChat(), () => roomId);
  /** There is no room for more beside the arrow. */
  const shown = () => (unread().count > MOST ? { count: MOST, more: true } : unread());
  return (
    <Show when={unread().count}>
      <span class="badge back-badge" role="img" aria-label={formatUnread(unread())}>
        {formatCount(shown())}
      </span>
    </Show>
  );
}
