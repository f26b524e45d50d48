import "../shared/deferred-icons";

import { Match, Show, Switch } from "solid-js";

import type { Begun } from "../../stores/composer/composer-state";
import { t } from "../i18n";
import { Icon } from "../shared/Icon";
import { Quote } from "../timeline/Quote";

/** Above the text: that it is an edit, or what it answers. */
export function ComposerNote(props: { begun: Begun; roomId: string; onCancel: () => void }) {
  const { editing, answering } = props.begun;
  return (
    <Show when={editing() ?? answering()}>
      <div class="composer-note">
        <Icon name={editing() ? "edit" : "reply"} />
        <Switch>
          <Match when={editing()}>
            <span class="grow">{t("editing")}</span>
          </Match>
          <Match when={answering()}>{(message) => <Quote roomId={props.roomId} seq={message().seq} />}</Match>
        </Switch>
        <button type="button" class="icon-button icon-button-small" aria-label={t("cancel")} title={t("cancel")} onClick={() => props.onCancel()}>
          <Icon name="close" />
        </button>
      </div>
    </Show>
  );
}
