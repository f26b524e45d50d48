import { Show } from "solid-js";

import { useChat } from "../../state/chat";
import { t } from "../i18n";

/** Keeps its height, so that nothing jumps when someone begins or stops. */
export function TypingLine(props: { roomId: string }) {
  const chat = useChat();
  const names = () => chat.typing(props.roomId).map((id) => chat.user(id)?.displayName ?? "…");
  const text = () => {
    const [a, b, ...others] = names();
    if (!a) return "";
    if (!b) return t("typingOne", { a });
    return others.length ? t("typingMany") : t("typingTwo", { a, b });
  };
  return (
    <p class="typing" aria-live="off">
      <Show when={text()}>
        <span class="typing-dots" aria-hidden="true">
          <i />
          <i />
          <i />
        </span>
        <span class="clip">{text()}</span>
      </Show>
    </p>
  );
}
