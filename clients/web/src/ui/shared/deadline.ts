import { createEffect, createSignal, on, onCleanup, type Accessor } from "solid-js";

import { MAX_TIMER_MS } from "../../stores/rooms/rooms";


/** A time farther away than this means no end. */
const ENDLESS_MS = 300 * 86_400_000;

export const isEndless = (until: number) => until - Date.now() > ENDLESS_MS;

/** Whether a time is still ahead; updates when it is reached. */
export function createDeadline(at: Accessor<number>): Accessor<boolean> {
  const [now, setNow] = createSignal(Date.now());
  createEffect(
    on([at, now], ([end]) => {
      const left = end - Date.now();
      if (left <= 0) return;
      const timer = setTimeout(() => setNow(Date.now()), Math.min(left, MAX_TIMER_MS));
      onCleanup(() => clearTimeout(timer));
    }),
  );
  return () => (now(), at() > Date.now());
}
