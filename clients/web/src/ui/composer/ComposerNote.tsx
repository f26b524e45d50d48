import { Match, Show, Switch } from "solid-js";

import { t } from "../i18n";
import { Icon } from "../kit/Icon";
import { useRoom } from "../room/tools";
import { Quote } from "../timeline/Quote";

/** Above the text: that it is an edit, or what it answers. */
export function ComposerNote() {
  const tools = useRoom();
  return (
    <Show when={tools.editing() ?? tools.answering()}>
      <div class="composer-note">
        <Icon name={tools.editing() ? "edit" : "reply"} />
        <Switch>
          <Match when={tools.editing()}>
            <span class="grow">{t("editing")}</span>
          </Match>
          <Match when={tools.answering()}>{(message) => <Quote roomId={tools.roomId} seq={message().seq} />}</Match>
        </Switch>
        <button type="button" class="icon-button icon-button-small" aria-label={t("cancel")} title={t("cancel")} onClick={() => tools.rest()}>
          <Icon name="close" />
        </button>
      </div>
    </Show>
  );
}
