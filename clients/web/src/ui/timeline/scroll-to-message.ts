// Scrolls to a message. The heights of rows above it are estimates until they are
// drawn, so one scroll is not enough.

import type { VirtualizerHandle } from "virtua/solid";

const MAX_FRAMES = 60;

export interface MessageScroll {
  /** Whether a scroll is under way; until it ends, no pages are loaded. */
  isActive(): boolean;
  scrollTo(seq: number): void;
  /** The user scrolls elsewhere. */
  cancel(): void;
}

export function createMessageScroll(
  list: () => VirtualizerHandle | undefined,
  indexOf: (seq: number) => number,
  onArrive: () => void,
): MessageScroll {
  let target: number | undefined;

  function approach(frames: number, before: number): void {
    const virtual = list();
    if (target === undefined || !virtual) return;
    const at = indexOf(target);
    const offset = at < 0 ? Number.NaN : Math.round(virtual.getItemOffset(at) - virtual.scrollOffset);
    const inSight = offset > 0 && offset + virtual.getItemSize(at) < virtual.viewportSize;
    if (!frames || at < 0 || (inSight && offset === before)) {
      target = undefined;
      return onArrive();
    }
    if (!inSight) virtual.scrollToIndex(at, { align: "center" });
    requestAnimationFrame(() => approach(frames - 1, offset));
  }

  return {
    isActive: () => target !== undefined,
    scrollTo(seq) {
      target = seq;
      requestAnimationFrame(() => approach(MAX_FRAMES, Number.NaN));
    },
    cancel() {
      target = undefined;
    },
  };
}
