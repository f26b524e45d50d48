import { createSignal, onCleanup } from "solid-js";

/** As long as styles let it shine. */
const FLASH_MS = 2_000;

/** The message to which the reader was brought shines up for a moment, also when they are brought there again. */
export function createFlash() {
  const [flash, setFlash] = createSignal<number>();
  let frame = 0;
  let began = 0;
  onCleanup(() => cancelAnimationFrame(frame));
  return {
    /** A row that is made anew later, as its reader comes back to it, does not shine again. */
    isFlashing: (seq: number) => flash() === seq && performance.now() - began < FLASH_MS,
    start(seq: number): void {
      setFlash(undefined);
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(() => {
        began = performance.now();
        setFlash(seq);
      });
    },
  };
}
