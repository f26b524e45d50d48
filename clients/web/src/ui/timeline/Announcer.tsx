import { Show, createEffect, createSignal, untrack } from "solid-js";

import type { Message } from "../../domain/types";
import { useChat } from "../../stores/chat";
import type { Timeline } from "../../stores/timeline/timeline";
import { labelled } from "../i18n";
import { withUserName, messagePreview } from "../room/message-preview";

/** If many messages come at once, only the newest are announced. */
const MAX_ANNOUNCED = 5;
/** How many positions are checked. */
const MAX_POSITIONS = 200;

/**
 * Announces new messages to screen readers. The log itself is silent, since its rows
 * come and go while the user scrolls.
 */
export default function Announcer(props: { timeline: Timeline }) {
  const chat = useChat();
  /** A new object each time, so that equal texts are announced again. */
  const [line, setLine] = createSignal<{ readonly text: string }>();
  const view = () => chat.timeline(props.timeline.roomId);
  let announcedSeq = untrack(view)?.lastMessage?.seq ?? 0;

  const isAnnounced = ({ content, senderId, threadSeq }: Message) =>
    content.kind === "text" && !threadSeq && senderId !== chat.me().id && !chat.isBlocked(senderId);

  createEffect(() => {
    const now = view();
    // Reactions and edits make the newest message another one, but no newer one.
    const newest = now?.lastMessage?.seq ?? 0;
    // Nothing is announced until the blocked users are known.
    if (!now || newest <= announcedSeq || !chat.areBlocksLoaded()) return;
    const messages: Message[] = [];
    for (let seq = newest; seq > Math.max(announcedSeq, newest - MAX_POSITIONS) && messages.length < MAX_ANNOUNCED; seq--) {
      const message = now.messages.get(seq);
      if (message && untrack(() => isAnnounced(message))) messages.unshift(message);
    }
    announcedSeq = newest;
    untrack(() => announce(messages));
  });

  /** Announces all messages in one text, once all names are loaded. */
  function announce(arrived: readonly Message[]): void {
    const lines: string[] = [];
    let missing = arrived.length;
    arrived.forEach((message, i) =>
      withUserName(chat, message.senderId, (name) => {
        lines[i] = labelled(name, messagePreview(chat, message));
        if (!--missing) setLine({ text: lines.join("\n") });
      }),
    );
  }

  return (
    <div class="sr-only" role="status" aria-live="polite">
      <Show when={line()} keyed>
        {(it) => <p>{it.text}</p>}
      </Show>
    </div>
  );
}
