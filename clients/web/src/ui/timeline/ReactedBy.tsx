import { For, Show, createEffect } from "solid-js";

import type { Message } from "../../nouns";
import { useChat } from "../../state/chat";
import { formatCount } from "../format";
import { t } from "../i18n";
import { Dialog } from "../kit/Dialog";
import { People } from "../people/People";

/** Who has reacted to a message, with what. */
export default function ReactedBy(props: { message: Message; onClose: () => void }) {
  const chat = useChat();
  const now = () => chat.message(props.message.roomId, props.message.seq) ?? props.message;
  createEffect(() => !now().reactions.length && props.onClose());
  return (
    <Dialog title={t("whoReacted")} onClose={props.onClose}>
      <div class="read-by">
        <For each={now().reactions}>
          {({ emoji, count, userIds }) => (
            <section>
              <h3>
                <span class="reacted-emoji">{emoji}</span> {formatCount({ count, more: false })}
              </h3>
              <People ids={userIds} />
              <Show when={count > userIds.length}>
                <p class="muted small">{t("others", { count: count - userIds.length })}</p>
              </Show>
            </section>
          )}
        </For>
      </div>
    </Dialog>
  );
}
