import { For, Show } from "solid-js";

import { useChat } from "../../stores/chat";
import { t } from "../i18n";
import { copyText } from "../shared/copy";
import { toast } from "../shared/toast";

/** Refused messages of a room that is gone. */
export function UnsentMessages(props: { roomId: string }) {
  const chat = useChat();
  const entries = () => chat.unsent().filter(({ message, refused }) => refused && message.roomId === props.roomId);
  return (
    <Show when={entries().length}>
      <section class="unsent" aria-label={t("unsent")}>
        <h2>{t("unsent")}</h2>
        <ul class="plain-list">
          <For each={entries()}>
            {({ message }) => (
              <li>
                <p dir="auto">{message.text}</p>
                <div class="row">
                  <button type="button" class="button" onClick={() => void copyText(message.text).then((done) => done && toast(t("copied")))}>
                    {t("copyText")}
                  </button>
                  <button type="button" class="button" onClick={() => chat.discard(message.clientMessageId)}>
                    {t("discard")}
                  </button>
                </div>
              </li>
            )}
          </For>
        </ul>
      </section>
    </Show>
  );
}
