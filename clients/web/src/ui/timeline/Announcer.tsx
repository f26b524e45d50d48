import { Show, createEffect, createSignal, untrack } from "solid-js";

import type { Message } from "../../domain/types";
import { useChat } from "../../stores/chat";
import type { Timeline } from "../../stores/timeline/timeline";
import { labelled } from "../i18n";
import { withUserName, messagePreview } from "../room/message-preview";

/** Of many that come at once, the newest are read out. */
const MAX_ANNOUNCED = 5;
/** So many positions are looked at. */
const MAX_POSITIONS = 200;

/**
 * Reads out what arrives. The log itself is silent: rows come and go in it as
 * one scrolls.
 */
export default function Announcer(props: { timeline: Timeline }) {
  const chat = useChat();
  /** Each a new one, so that the same words are read out again. */
  const [line, setLine] = createSignal<{ readonly text: string }>();
  const view = () => chat.timeline(props.timeline.roomId);
  let announcedSeq = untrack(view)?.lastMessage?.seq ?? 0;

  const isAnnounced = ({ content, senderId, threadSeq }: Message) =>
    content.kind === "text" && !threadSeq && senderId !== chat.me().id && !chat.isBlocked(senderId);

  createEffect(() => {
    const now = view();
    // Reactions and edits make the newest message another one, but no newer one.
    const newest = now?.lastMessage?.seq ?? 0;
    // Until it is known who is blocked, nobody is read out.
    if (!now || newest <= announcedSeq || !chat.areBlocksLoaded()) return;
    const messages: Message[] = [];
    for (let seq = newest; seq > Math.max(announcedSeq, newest - MAX_POSITIONS) && messages.length < MAX_ANNOUNCED; seq--) {
      const message = now.messages.get(seq);
      if (message && untrack(() => isAnnounced(message))) messages.unshift(message);
    }
    announcedSeq = newest;
    untrack(() => announce(messages));
  });

  /** All in one, once all names are known. */
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
