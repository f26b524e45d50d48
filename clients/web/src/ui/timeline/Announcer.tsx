import { createEffect, createSignal, on } from "solid-js";

import { useChat } from "../../state/chat";
import { plain } from "../../state/markdown";
import type { Timeline } from "../../state/timeline";

/**
 * Reads out what arrives. The log itself is silent: rows come and go in it as
 * one scrolls.
 */
export function Announcer(props: { timeline: Timeline }) {
  const chat = useChat();
  const [text, setText] = createSignal("");
  const newest = () => chat.timeline(props.timeline.roomId)?.last;
  createEffect(
    on(
      newest,
      (message) => {
        if (!message || message.senderId === chat.me().id || message.content.kind !== "text") return;
        setText(`${chat.user(message.senderId)?.displayName ?? ""}: ${plain(message.content.text)}`);
      },
      { defer: true },
    ),
  );
  return (
    <div class="sr-only" role="status" aria-live="polite">
      {text()}
    </div>
  );
}
