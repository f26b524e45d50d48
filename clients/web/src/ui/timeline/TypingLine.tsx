import { Show } from "solid-js";

import { useChat } from "../../stores/chat";
import { t } from "../i18n";
import { typingText } from "./typing-text";

/** Who types. The line around it keeps its height, so that nothing jumps when someone begins or stops. */
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
