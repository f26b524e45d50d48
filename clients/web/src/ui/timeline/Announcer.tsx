import { Show, createEffect, createSignal, untrack } from "solid-js";

import type { Message } from "../../domain/types";
import { useChat } from "../../stores/chat";
import type { Timeline } from "../../stores/timeline/timeline";
import { labelled } from "../i18n";
import { named, said } from "../room/message-preview";

/** Of many that come at once, the newest are read out. */
const MOST = 5;
/** So many positions are looked at. */
const FAR = 200;

/**
 * Reads out what arrives. The log itself is silent: rows come and go in it as
 * one scrolls.
 */
export default function Announcer(props: { timeline: Timeline }) {
  const chat = useChat();
  /** Each a new one, so that the same words are read out again. */
  const [line, setLine] = createSignal<{ readonly text: string }>();
  const view = () => chat.timeline(props.timeline.roomId);
  let told = untrack(view)?.lastMessage?.seq ?? 0;

  const isHeard = ({ content, senderId, threadSeq }: Message) =>
    content.kind === "text" && !threadSeq && senderId !== chat.me().id && !chat.isBlocked(senderId);

  createEffect(() => {
    const now = view();
    // Reactions and edits make the newest message another one, but no newer one.
    const newest = now?.lastMessage?.seq ?? 0;
    // Until it is known who is blocked, nobody is read out.
    if (!now || newest <= told || !chat.areBlocksLoaded()) return;
    const arrived: Message[] = [];
    for (let seq = newest; seq > Math.max(told, newest - FAR) && arrived.length < MOST; seq--) {
      const message = now.messages.get(seq);
      if (message && untrack(() => isHeard(message))) arrived.unshift(message);
    }
    told = newest;
    untrack(() => tell(arrived));
  });

  /** All in one, once all names are known. */
  function tell(arrived: readonly Message[]): void {
    const lines: string[] = [];
    let missing = arrived.length;
    arrived.forEach((message, i) =>
      named(chat, message.senderId, (name) => {
        lines[i] = labelled(name, said(chat, message));
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
