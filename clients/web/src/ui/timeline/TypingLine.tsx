import { Show } from "solid-js";

import { useChat } from "../../stores/chat";
import { t } from "../i18n";
import { typingText } from "./typing-text";

/** Shows who is typing. The line around it keeps its height, so that nothing moves. */
export default function TypingLine(props: { roomId: string }) {
  const chat = useChat();
  const ids = () => chat.typing(props.roomId);
  const text = () => typingText(ids().map((id) => chat.user(id)?.displayName ?? "…"), ids().includes(""));
  return (
    <Show when={text()}>
      {(it) => (
        <>
          <span class="typing-dots" aria-hidden="true">
            <i />
            <i />
            <i />
          </span>
          <span class="clip">{t(...it())}</span>
        </>
      )}
    </Show>
  );
}
