import { Show } from "solid-js";

import type { Unread } from "../../state/model";
import { formatCount } from "../format";
import { t } from "../i18n";
import { Icon } from "../kit/Icon";

interface Props {
  readonly unread: Unread;
  readonly onJump: () => void;
}

export function JumpToNew(props: Props) {
  return (
    <button type="button" class="jump-new" onClick={() => props.onJump()}>
      <Icon name="arrowUp" />
      {props.unread.count ? t("jumpToNew", { count: props.unread.count }) : t("newMessages")}
    </button>
  );
}

export function JumpToEnd(props: Props) {
  return (
    <button type="button" class="jump-end" aria-label={t("jumpToEnd")} title={t("jumpToEnd")} onClick={() => props.onJump()}>
      <Icon name="arrowDown" />
      <Show when={props.unread.count}>
        <span class="badge">{formatCount(props.unread)}</span>
      </Show>
    </button>
  );
}
