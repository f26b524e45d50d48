import { createSignal, onCleanup, type Accessor } from "solid-js";

/** Whether the page is visible and has the focus. */
export function createWindowFocus(): Accessor<boolean> {
  const [isFocused, setFocused] = createSignal(hasFocus());
  const update = () => setFocused(hasFocus());
  for (const kind of ["focus", "blur"]) window.addEventListener(kind, update);
  document.addEventListener("visibilitychange", update);
  onCleanup(() => {
    for (const kind of ["focus", "blur"]) window.removeEventListener(kind, update);
    document.removeEventListener("visibilitychange", update);
  });
  return isFocused;
}

function hasFocus(): boolean {
  return !document.hidden && document.hasFocus();
}
