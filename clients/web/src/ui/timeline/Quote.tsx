import { Show } from "solid-js";

import { useChat } from "../../state/chat";
import { plain } from "../../state/markdown";
import { t } from "../i18n";

/** The message that another one answers, in one line. */
export function Quote(props: { roomId: string; seq: number; onJump?: () => void }) {
  const chat = useChat();
  const message = () => chat.message(props.roomId, props.seq);
  const name = () => {
    const id = message()?.senderId;
    return id ? (chat.user(id)?.displayName ?? "…") : "…";
  };
  const text = () => {
    const content = message()?.content;
    if (message() && chat.isBlocked(message()?.senderId ?? "")) return t("blockedMessage");
    if (content?.kind === "text") return plain(content.text);
    return content?.kind === "deleted" ? t("messageDeleted") : "…";
  };
  const inside = () => (
    <>
      <span class="quote-name" dir="auto">
        {name()}
      </span>
      <span class="quote-text" dir="auto">
        {text()}
      </span>
    </>
  );
  return (
    <Show when={props.onJump} fallback={<div class="quote">{inside()}</div>}>
      <button type="button" class="quote" title={t("jumpToQuoted")} onClick={() => props.onJump?.()}>
        {inside()}
      </button>
    </Show>
  );
}
