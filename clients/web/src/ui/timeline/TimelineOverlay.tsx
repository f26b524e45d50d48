import "../shared/deferred-icons";

import { Show } from "solid-js";

import { useChat } from "../../stores/chat";
import type { Timeline } from "../../stores/timeline/timeline";
import { countParam, formatCount } from "../i18n/format-values";
import { t } from "../i18n";
import { Icon } from "../shared/Icon";

/** Overlay of the log: loading and errors, and buttons that jump to new messages and to the end. */
export default function TimelineOverlay(props: { timeline: Timeline; newAbove: boolean; isAway: boolean; onNew: () => void }) {
  const chat = useChat();
  const { timeline } = props;
  const unread = () => chat.unread(timeline.roomId);
  return (
    <>
      <div class="timeline-top">
        <Show when={props.newAbove}>
          <button type="button" class="jump-new" onClick={() => props.onNew()}>
            <Icon name="arrowUp" />
            {unread().count ? t("jumpToNew", { count: countParam(unread().count, unread().more) }) : t("newMessages")}
          </button>
        </Show>
        <Show when={timeline.retry() || timeline.loading()}>
          <div class="timeline-note" role="status">
            <Show when={timeline.retry()} fallback={<span>{t("loadingMessages")}</span>}>
              {(again) => (
                <>
                  <span>{t("loadingFailed")}</span>
                  <button type="button" class="link" onClick={() => again()()}>
                    {t("tryAgain")}
                  </button>
                </>
              )}
            </Show>
          </div>
        </Show>
      </div>
      <Show when={props.isAway}>
        <button type="button" class="jump-end" aria-label={t("jumpToEnd")} title={t("jumpToEnd")} onClick={timeline.toTail}>
          <Icon name="arrowDown" />
          <Show when={unread().count}>
            <span class="badge">{formatCount(unread())}</span>
          </Show>
        </button>
      </Show>
    </>
  );
}
