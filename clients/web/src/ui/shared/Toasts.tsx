import { For, createSignal, onCleanup } from "solid-js";

import { toasts } from "./toast";

/** The elements that can show toasts; the newest is in front. */
const [outlets, setOutlets] = createSignal<readonly symbol[]>([]);

/** The page has one, and so has each dialog: what is behind a dialog is dimmed, and not announced. */
export function Toasts() {
  const outlet = Symbol();
  setOutlets((all) => [...all, outlet]);
  onCleanup(() => setOutlets((all) => all.filter((it) => it !== outlet)));
  return (
    <div class="toasts" role="status" aria-live="polite">
      <For each={outlets().at(-1) === outlet ? toasts() : []}>
        {(it) => (
          <p class="toast" classList={{ "toast-error": it.isError }} dir="auto">
            {it.text}
          </p>
        )}
      </For>
    </div>
  );
}
