// The place of a thread's reader: at its end while they are there, and what they
// look at stays where it is when older answers come above.

import { createSignal, onCleanup, onMount } from "solid-js";

/** Nearer than this to the end counts as being there. */
const END_PX = 48;

export function createPlace() {
  const [atEnd, setAtEnd] = createSignal(false);
  let box!: HTMLElement;
  let content!: HTMLElement;
  let sticks = true;
  let offset = 0;
  const isNear = () => box.scrollHeight - box.scrollTop - box.clientHeight < END_PX;

  /** Only going up takes the reader away from the end: what comes below may push it off for a moment. */
  function scrolled(): void {
    if (isNear()) sticks = true;
    else if (box.scrollTop < offset) sticks = false;
    offset = box.scrollTop;
    setAtEnd(isNear());
  }

  function settle(): void {
    if (sticks) box.scrollTop = box.scrollHeight;
    setAtEnd(isNear());
  }

  /** The oldest row before older ones come, and where it was. */
  let held: { row: Element; top: number } | undefined;

  onMount(() => {
    const observer = new ResizeObserver(settle);
    observer.observe(box);
    observer.observe(content);
    onCleanup(() => observer.disconnect());
  });

  return {
    atEnd,
    scrolled,
    ref: (outer: HTMLElement) => (box = outer),
    contentRef: (inner: HTMLElement) => (content = inner),
    /** Older answers are about to come above. */
    hold(): void {
      const row = box.querySelector("[data-seq]");
      held = row ? { row, top: row.getBoundingClientRect().top } : undefined;
    },
    /** They have come. */
    keep(): void {
      if (held?.row.isConnected) box.scrollTop += held.row.getBoundingClientRect().top - held.top;
      held = undefined;
    },
    toEnd: () => ((sticks = true), settle()),
    /** The row of an answer, brought into the middle; undefined if there is none. */
    show(seq: number): Element | undefined {
      const row = box.querySelector(`[data-seq="${seq}"]`) ?? undefined;
      if (!row) return undefined;
      sticks = false;
      row.scrollIntoView({ block: "center" });
      return row;
    },
  };
}
