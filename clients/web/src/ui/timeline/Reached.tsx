import { Show } from "solid-js";

import { useChat } from "../../state/chat";
import { t } from "../i18n";
import { Icon } from "../kit/Icon";

/** How far one's own newest message has come. */
export function Reached(props: { roomId: string; seq: number }) {
  const chat = useChat();
  const marks = () => chat.reached(props.roomId, props.seq);
  const direct = () => chat.peer(props.roomId) !== undefined;
  const text = () => {
    const { delivered, read } = marks();
    if (read) return direct() ? t("read") : t("readBy", { count: read });
    return t(delivered ? "delivered" : "sent");
  };
  return (
    <p class="reached" classList={{ "reached-read": marks().read > 0 }}>
      <span class="ticks" aria-hidden="true">
        <Icon name="check" />
        <Show when={marks().delivered > 0 || marks().read > 0}>
          <Icon name="check" />
        </Show>
      </span>
      {text()}
    </p>
  );
}
