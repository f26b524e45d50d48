import { Match, Show, Suspense, Switch, createSignal } from "solid-js";

import type { Message } from "../../domain/types";
import { useChat } from "../../stores/chat";
import { formatTime } from "../i18n/format-values";
import { t } from "../i18n";
import { Icon } from "../shared/Icon";
import { reservedSize } from "../files/image-size";
import { lazy } from "../shared/lazy";
import { useRoom } from "../room/room-context";
import { Markdown } from "./Markdown";
import { Quote } from "./Quote";

const Attachments = lazy(() => import("../files/Attachments"));

/** What someone said. */
export function Bubble(props: { message: Message; id?: string }) {
  const chat = useChat();
  const context = useRoom();
  const [isRevealed, setRevealed] = createSignal(false);
  const text = () => (props.message.content.kind === "text" ? props.message.content.text : undefined);
  return (
    <div class="bubble" id={props.id}>
      <Switch fallback={<p class="muted">{t("unknownMessage")}</p>}>
        <Match when={chat.isBlocked(props.message.senderId) && !isRevealed()}>
          <p class="muted">
            {t("blockedMessage")}{" "}
            <button type="button" class="link" onClick={() => setRevealed(true)}>
              {t("show")}
            </button>
          </p>
        </Match>
        <Match when={text() !== undefined}>
          <Show when={props.message.replyTo}>
            {(seq) => <Quote roomId={props.message.roomId} seq={seq()} onJump={() => context.jump(seq())} />}
          </Show>
          <Show when={props.message.attachments.length}>
            <ul class="files" style={reservedSize(props.message.attachments)}>
              <Suspense>
                <Attachments message={props.message} />
              </Suspense>
            </ul>
          </Show>
          <Show when={text()}>{(content) => <Markdown text={content()} message={props.message} />}</Show>
          <Show when={props.message.editedAt || props.message.pin}>
            <p class="msg-flags">
              <Show when={props.message.pin}>
                <span title={t("pinned")}>
                  <Icon name="pin" />
                  <span class="sr-only">{t("pinned")}</span>
                </span>
              </Show>
              <Show when={props.message.editedAt}>
                {(at) => (
                  <button
                    type="button"
                    tabIndex={-1}
                    title={formatTime(at(), "full")}
                    onClick={() => context.showVersions(props.message)}
                  >
                    {t("edited")}
                  </button>
                )}
              </Show>
            </p>
          </Show>
        </Match>
      </Switch>
    </div>
  );
}
