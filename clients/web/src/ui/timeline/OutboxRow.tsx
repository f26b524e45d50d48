import { Show } from "solid-js";

import { useChat } from "../../stores/chat";
import type { OutboxRow } from "../../stores/timeline/rows";
import { formatCount, formatTime } from "../i18n/format-values";
import { refusal, t } from "../i18n";
import { Icon } from "../shared/Icon";
import { createDeadline } from "../shared/deadline";
import { Markdown } from "./Markdown";
import { Quote } from "./Quote";

/** A message that is pending for longer can be discarded. */
const DISCARD_DELAY_MS = 5_000;

/** An own message that the server has not acknowledged. */
export function OutboxRowView(props: { row: OutboxRow }) {
  const chat = useChat();
  const entry = () => props.row.entry;
  const reasonText = () => refusal(entry().refused) ?? t("failed");
  const isRecent = createDeadline(() => entry().message.at + DISCARD_DELAY_MS);
  const online = () => chat.connection().kind !== "waiting";
  const discard = () => (
    <button type="button" class="link" onClick={() => chat.discard(entry().message.clientMessageId)}>
      {t("discard")}
    </button>
  );
  return (
    <article
      class="msg msg-mine msg-pending"
      classList={{ "msg-first": props.row.first, "msg-refused": entry().refused !== "" }}
      aria-label={entry().refused ? t("notSent") : t("sending")}
      tabIndex={-1}
    >
      <div class="msg-col">
        <Show when={props.row.first}>
          <header class="msg-head">
            <time>{formatTime(entry().message.at, "time")}</time>
          </header>
        </Show>
        <div class="msg-line">
          <div class="bubble">
            <Show when={entry().message.replyTo}>
              {(seq) => <Quote roomId={entry().message.roomId} seq={seq()} />}
            </Show>
            {/* Messages stored by older versions have none. */}
            <Show when={entry().message.attachmentIds?.length}>
              {(count) => (
                <p class="msg-flags">
                  <Icon name="clip" /> {formatCount({ count: count(), more: false })}
                </p>
              )}
            </Show>
            <Markdown text={entry().message.text} />
          </div>
        </div>
        <Show
          when={entry().refused}
          fallback={
            <p class="msg-state">
              <Icon name="clock" />
              {online() ? t("sending") : t("waitingForConnection")}
              <Show when={!isRecent() && !entry().sentSeq}>{discard()}</Show>
            </p>
          }
        >
          <p class="msg-state msg-state-refused" role="alert">
            <Icon name="alert" />
            <span>
              {t("notSent")} {reasonText()}
            </span>
            <button type="button" class="link" onClick={() => chat.resend(entry().message)}>
              {t("sendAgain")}
            </button>
            {discard()}
          </p>
        </Show>
      </div>
    </article>
  );
}
