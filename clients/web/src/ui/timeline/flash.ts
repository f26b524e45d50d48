import { createSignal, onCleanup } from "solid-js";

/** The duration of the animation in the styles. */
const FLASH_MS = 2_000;

/** Flashes the target of a jump for a moment, also when the jump is repeated. */
export function createFlash() {
  const [flash, setFlash] = createSignal<number>();
  let frame = 0;
  let began = 0;
  onCleanup(() => cancelAnimationFrame(frame));
  return {
    /** A row that is rendered again later does not flash again. */
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
