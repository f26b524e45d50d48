import { For, createSignal, onCleanup } from "solid-js";

import { toasts } from "./toast";

/** Each place that can show them; the newest is in front. */
const [places, setPlaces] = createSignal<readonly symbol[]>([]);

/** The page has a place for them, and each dialog: what is behind a dialog is dimmed, and not read out. */
export function Toasts() {
  const place = Symbol();
  setPlaces((all) => [...all, place]);
  onCleanup(() => setPlaces((all) => all.filter((it) => it !== place)));
  return (
    <div class="toasts" role="status" aria-live="polite">
      <For each={places().at(-1) === place ? toasts() : []}>
        {(it) => (
          <p class="toast" classList={{ "toast-bad": it.isError }} dir="auto">
            {it.text}
          </p>
        )}
      </For>
    </div>
  );
}
