import { Show } from "solid-js";

import { useChat } from "../../state/chat";
import { formatCount, formatUnread } from "../format";
import { createHeard } from "../frame/heard";
import { useRoom } from "./tools";

/** On the way back, how much is unread in other rooms: a phone shows no list of them meanwhile. */
export default function Elsewhere() {
  const { roomId } = useRoom();
  const unread = createHeard(useChat(), () => roomId);
  return (
    <Show when={unread().count}>
      <span class="badge back-badge" role="img" aria-label={formatUnread(unread())}>
        {formatCount(unread())}
      </span>
    </Show>
  );
}
