import { Show } from "solid-js";

import type { Unread } from "../../state/model";
import { formatCount } from "../format";
import { t } from "../i18n";
import { Icon } from "../kit/Icon";

export function JumpButtons(props: {
  unread: Unread;
  newAbove: boolean;
  away: boolean;
  onNew: () => void;
  onEnd: () => void;
}) {
  return (
    <>
      <Show when={props.newAbove}>
        <button type="button" class="jump-new" onClick={() => props.onNew()}>
          <Icon name="arrowUp" />
          {props.unread.count ? t("jumpToNew", { count: props.unread.count }) : t("newMessages")}
        </button>
      </Show>
      <Show when={props.away}>
        <button type="button" class="jump-end" aria-label={t("jumpToEnd")} title={t("jumpToEnd")} onClick={() => props.onEnd()}>
          <Icon name="arrowDown" />
          <Show when={props.unread.count}>
            <span class="badge">{formatCount(props.unread)}</span>
          </Show>
        </button>
      </Show>
    </>
  );
}
