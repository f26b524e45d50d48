import { Show } from "solid-js";

import { explain, t } from "../i18n";

/** That something could not be read, and the way to try it again. */
export function Retry(props: { failure: unknown; class?: string; onAgain: () => void }) {
  return (
    <Show when={props.failure}>
      {(failure) => (
        <p class={props.class ?? "page-note"}>
          {explain(failure())}{" "}
          <button type="button" class="link" onClick={() => props.onAgain()}>
            {t("tryAgain")}
          </button>
        </p>
      )}
    </Show>
  );
}
