import { For, Show } from "solid-js";

import type { Message } from "../../domain/types";
import { useChat } from "../../stores/chat";
import { FileSummary } from "../files/FileSummary";
import { formatShort } from "../i18n/format-values";
import { t } from "../i18n";
import { keepFocusInList } from "../shared/focus";
import { Icon } from "../shared/Icon";
import { attempt } from "../shared/toast";
import { Markdown } from "../timeline/Markdown";
import { Panel } from "./Panel";
import { useRoom } from "./room-context";

export default function PinsPanel(props: { pins: readonly Message[]; over: boolean; onClose: () => void }) {
  const chat = useChat();
  const context = useRoom();
  const text = (message: Message) => {
    if (chat.isBlocked(message.senderId)) return t("blockedMessage");
    return message.content.kind === "text" ? message.content.text : "";
  };
  return (
    <Panel title={t("pins")} over={props.over} onClose={props.onClose}>
      <div class="panel-scroll">
        <Show when={!props.pins.length}>
          <p class="muted panel-empty">{chat.permissions(context.roomId).pin ? t("noPinsHint") : t("noPins")}</p>
        </Show>
        <ul ref={keepFocusInList} class="pin-list">
          <For each={props.pins}>
            {(message) => (
              <li class="pin-item">
                <p class="pin-head">
                  <strong class="clip" dir="auto">
                    {chat.user(message.senderId)?.displayName ?? "…"}
                  </strong>
                  <time class="muted">{formatShort(message.postedAt)}</time>
                </p>
                <div class="pin-text">
                  <Show when={text(message)}>{(words) => <Markdown text={words()} message={message} />}</Show>
                  <FileSummary message={message} />
                </div>
                <p class="pin-foot">
                  <button
                    type="button"
                    class="link"
                    onClick={() => context.jump(message.seq)}
                  >
                    {t("goToMessage")}
                  </button>
                  <Show when={chat.permissions(context.roomId).pin}>
                    <button
                      type="button"
                      class="icon-button icon-button-small"
                      aria-label={t("unpin")}
                      title={t("unpin")}
                      onClick={() => void attempt(chat.pin(message, false))}
                    >
                      <Icon name="close" />
                    </button>
                  </Show>
                </p>
              </li>
            )}
          </For>
        </ul>
      </div>
    </Panel>
  );
}
