// Escape closes what was opened last, one thing at a time.

import { onCleanup } from "solid-js";

import { isComposing } from "./ime";

interface Layer {
  readonly element: () => Element;
  readonly close: () => void;
  readonly unless: (event: KeyboardEvent) => boolean;
}

const layers: Layer[] = [];

// On the window: whatever is nearer to the focus has had the key before.
window.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented || isComposing(event)) return;
  // A dialog closes by itself; what is behind it waits.
  const dialog = [...document.querySelectorAll("dialog[open]")].at(-1) ?? document;
  const top = layers.findLast(({ element }) => dialog.contains(element()));
  if (!top || top.unless(event)) return;
  event.preventDefault();
  top.close();
});

/** What Escape does while nothing that was opened later wants the key. */
export function createEscape(element: () => Element, close: () => void, unless: Layer["unless"] = () => false): void {
  const layer = { element, close, unless };
  layers.push(layer);
  onCleanup(() => layers.splice(layers.indexOf(layer), 1));
}
