import { createSignal, onCleanup } from "solid-js";

/** The message to which the reader was brought shines up for a moment, also when they are brought there again. */
export function createFlash() {
  const [flash, setFlash] = createSignal<number>();
  let frame = 0;
  onCleanup(() => cancelAnimationFrame(frame));
  return {
    flash,
    start(seq: number): void {
      setFlash(undefined);
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(() => setFlash(seq));
    },
  };
}
