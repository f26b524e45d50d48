import { Show, createEffect, createSignal, on, untrack } from "solid-js";

import { useChat } from "../../state/chat";
import type { Timeline } from "../../state/timeline";
import { labelled } from "../i18n";
import { named, said } from "../room/said";

/**
 * Reads out what arrives. The log itself is silent: rows come and go in it as
 * one scrolls.
 */
export function Announcer(props: { timeline: Timeline }) {
  const chat = useChat();
  /** Each a new one, so that the same words are read out again. */
  const [line, setLine] = createSignal<{ readonly text: string }>();
  const newest = () => chat.timeline(props.timeline.roomId)?.last;
  let told = untrack(newest)?.seq ?? 0;
  createEffect(
    on(newest, (message) => {
      // Reactions and edits make the newest message another one, but no newer one.
      if (!message || message.seq <= told) return;
      told = message.seq;
      if (message.content.kind !== "text" || message.senderId === chat.me().id || chat.isBlocked(message.senderId)) return;
      named(chat, message.senderId, (name) => setLine({ text: labelled(name, said(chat, message)) }));
    }),
  );
  return (
    <div class="sr-only" role="status" aria-live="polite">
      <Show when={line()} keyed>
        {(it) => <p>{it.text}</p>}
      </Show>
    </div>
  );
}
