import { createEffect, onMount, type JSX } from "solid-js";

import { t } from "../i18n";
import { createEscape } from "../shared/escape";
import { restoreFocus } from "../shared/focus";
import { Icon } from "../shared/Icon";

/** Beside the timeline, or over it where there is no room. */
export function Panel(props: {
  title: string;
  class?: string;
  over: boolean;
  /** Beside the timeline it is part of the page, and not what one has opened last. */
  permanent?: boolean;
  onClose: () => void;
  children: JSX.Element;
}) {
  let panel!: HTMLElement;
  let close!: HTMLButtonElement;
  restoreFocus(() => panel);
  const opened = () => props.over || !props.permanent;
  // Unless something in it has taken the focus already.
  onMount(() => opened() && !panel.contains(document.activeElement) && close.focus());
  createEffect(() => {
    if (opened()) createEscape(() => panel, () => props.onClose());
  });
  return (
    <aside
      ref={panel}
      class={`panel ${props.class ?? ""}`}
      classList={{ "panel-over": props.over }}
      aria-label={props.title}
    >
      <header class="panel-head">
        <h2>{props.title}</h2>
        <button ref={close} type="button" class="icon-button" aria-label={t("close")} title={t("close")} onClick={() => props.onClose()}>
          <Icon name="close" />
        </button>
      </header>
      {props.children}
    </aside>
  );
}
