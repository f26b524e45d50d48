import type { JSX } from "solid-js";

import { t } from "../i18n";
import { composing } from "../kit/ime";
import { Icon } from "../kit/Icon";

/** Beside the timeline, or over it where there is no room. */
export function Panel(props: { title: string; class?: string; over: boolean; onClose: () => void; children: JSX.Element }) {
  return (
    <aside
      class={`members ${props.class ?? ""}`}
      classList={{ "members-over": props.over }}
      aria-label={props.title}
      onKeyDown={(event) => {
        if (!props.over || event.key !== "Escape" || event.defaultPrevented || composing(event)) return;
        event.stopPropagation();
        props.onClose();
      }}
    >
      <header class="members-head">
        <h2>{props.title}</h2>
        <button type="button" class="icon-button" aria-label={t("close")} title={t("close")} onClick={() => props.onClose()}>
          <Icon name="close" />
        </button>
      </header>
      {props.children}
    </aside>
  );
}
