import { createSignal, onCleanup, type Accessor } from "solid-js";

/** Whether the user looks at the page. */
export function createAttentive(): Accessor<boolean> {
  const [attentive, setAttentive] = createSignal(looks());
  const look = () => setAttentive(looks());
  for (const kind of ["focus", "blur"]) window.addEventListener(kind, look);
  document.addEventListener("visibilitychange", look);
  onCleanup(() => {
    for (const kind of ["focus", "blur"]) window.removeEventListener(kind, look);
    document.removeEventListener("visibilitychange", look);
  });
  return attentive;
}

function looks(): boolean {
  return !document.hidden && document.hasFocus();
}
