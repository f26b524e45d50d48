// Brings the reader to a message. The sizes of what lies above it are guesses
// until it is drawn, so one scroll is not enough.

import type { VirtualizerHandle } from "virtua/solid";

const MOST_FRAMES = 60;

export interface Aim {
  /** Whether the reader is still on the way: till then nothing more is read. */
  underWay(): boolean;
  at(seq: number): void;
  /** The reader goes elsewhere by themselves. */
  drop(): void;
}

export function createAim(
  list: () => VirtualizerHandle | undefined,
  indexOf: (seq: number) => number,
  arrived: () => void,
): Aim {
  let aim: number | undefined;

  function approach(frames: number, before: number): void {
    const virtual = list();
    if (aim === undefined || !virtual) return;
    const at = indexOf(aim);
    const place = at < 0 ? Number.NaN : Math.round(virtual.getItemOffset(at) - virtual.scrollOffset);
    const inSight = place > 0 && place + virtual.getItemSize(at) < virtual.viewportSize;
    if (!frames || at < 0 || (inSight && place === before)) {
      aim = undefined;
      return arrived();
    }
    if (!inSight) virtual.scrollToIndex(at, { align: "center" });
    requestAnimationFrame(() => approach(frames - 1, place));
  }

  return {
    underWay: () => aim !== undefined,
    at(seq) {
      aim = seq;
      requestAnimationFrame(() => approach(MOST_FRAMES, Number.NaN));
    },
    drop() {
      aim = undefined;
    },
  };
}
