import { Show } from "solid-js";

import { useChat } from "../../stores/chat";
import { Thumbnail } from "../files/Thumbnail";
import { t } from "../i18n";
import { messagePreview } from "../room/message-preview";

/** The message that another one answers, in one line. */
export function Quote(props: { roomId: string; seq: number; onJump?: () => void }) {
  const chat = useChat();
  const message = () => chat.message(props.roomId, props.seq);
  const name = () => {
    const id = message()?.senderId;
    return id ? (chat.user(id)?.displayName ?? "…") : "…";
  };
  const text = () => {
    const it = message();
    return it ? messagePreview(chat, it) : "…";
  };
  const inside = () => (
    <>
      <Thumbnail message={message()} />
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
      <button type="button" class="quote" title={t("goToQuotedMessage")} onClick={() => props.onJump?.()}>
        {inside()}
      </button>
    </Show>
  );
}
