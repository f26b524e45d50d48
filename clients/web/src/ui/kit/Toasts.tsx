import { For } from "solid-js";

import { toasts } from "./toast";

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      <For each={toasts()}>
        {(it) => (
          <p class="toast" classList={{ "toast-bad": it.bad }} dir="auto">
            {it.text}
          </p>
        )}
      </For>
    </div>
  );
}
