import { Show } from "solid-js";

import { useChat } from "../../state/chat";
import { formatCount, formatUnread } from "../format";
import { createHeard } from "../frame/heard";
import { useRoom } from "./tools";

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
