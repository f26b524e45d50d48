import { Show } from "solid-js";

import { useChat } from "../../stores/chat";
import { formatCount, formatUnread } from "../i18n/format-values";
import { createNotifiableUnread } from "../shell/notifiable-unread";
import { useRoom } from "./room-context";

const MAX_SHOWN = 99;

/** The number of unread messages in other rooms, on the back button: a phone does not show the room list. */
export default function OtherRoomsBadge() {
  const { roomId } = useRoom();
  const unread = createNotifiableUnread(useChat(), () => roomId);
  /** There is no room for more beside the arrow. */
  const shown = () => (unread().count > MAX_SHOWN ? { count: MAX_SHOWN, more: true } : unread());
  return (
    <Show when={unread().count}>
      <span class="badge back-badge" role="img" aria-label={formatUnread(unread())}>
        {formatCount(shown())}
      </span>
    </Show>
  );
}
