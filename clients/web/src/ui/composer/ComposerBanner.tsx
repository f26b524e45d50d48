import "../shared/deferred-icons";

import { Match, Show, Switch } from "solid-js";

import type { ComposerState } from "../../stores/composer/composer-state";
import { t } from "../i18n";
import { Icon } from "../shared/Icon";
import { Quote } from "../timeline/Quote";

/** A banner above the text field: the message that is edited or replied to. */
export function ComposerBanner(props: { composer: ComposerState; roomId: string; onCancel: () => void }) {
  const { editTarget, replyTarget } = props.composer;
  return (
    <Show when={editTarget() ?? replyTarget()}>
      <div class="composer-banner">
        <Icon name={editTarget() ? "edit" : "reply"} />
        <Switch>
          <Match when={editTarget()}>
            <span class="grow">{t("editing")}</span>
          </Match>
          <Match when={replyTarget()}>{(message) => <Quote roomId={props.roomId} seq={message().seq} />}</Match>
        </Switch>
        <button type="button" class="icon-button icon-button-small" aria-label={t("cancel")} title={t("cancel")} onClick={() => props.onCancel()}>
          <Icon name="close" />
        </button>
      </div>
    </Show>
  );
}
