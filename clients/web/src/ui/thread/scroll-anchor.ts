// The scroll position in a thread: it follows the end while the reader is there, and
// stays in place when older replies are added above.

import { createSignal, onCleanup, onMount } from "solid-js";

/** Nearer than this to the end counts as being there. */
const END_PX = 48;

export function createScrollAnchor() {
  const [atEnd, setAtEnd] = createSignal(false);
  let box!: HTMLElement;
  let content!: HTMLElement;
  let isPinnedToEnd = true;
  let offset = 0;
  const isNear = () => box.scrollHeight - box.scrollTop - box.clientHeight < END_PX;

  /** Only scrolling up unpins from the end: new rows may push the end away for a moment. */
  function onScroll(): void {
    if (isNear()) isPinnedToEnd = true;
    else if (box.scrollTop < offset) isPinnedToEnd = false;
    offset = box.scrollTop;
    setAtEnd(isNear());
  }

  function followEnd(): void {
    if (isPinnedToEnd) box.scrollTop = box.scrollHeight;
    setAtEnd(isNear());
  }

  /** The oldest row before older ones are added, and its position. */
  let anchor: { row: Element; top: number } | undefined;

  onMount(() => {
    const observer = new ResizeObserver(followEnd);
    observer.observe(box);
    observer.observe(content);
    onCleanup(() => observer.disconnect());
  });

  return {
    atEnd,
    onScroll,
    ref: (outer: HTMLElement) => (box = outer),
    contentRef: (inner: HTMLElement) => (content = inner),
    /** Call before older replies are added. */
    saveAnchor(): void {
      const row = box.querySelector("[data-seq]");
      anchor = row ? { row, top: row.getBoundingClientRect().top } : undefined;
    },
    /** Call after they were added. */
    restoreAnchor(): void {
      if (anchor?.row.isConnected) box.scrollTop += anchor.row.getBoundingClientRect().top - anchor.top;
      anchor = undefined;
    },
    scrollToEnd: () => ((isPinnedToEnd = true), followEnd()),
    /** Scrolls to a reply and returns its row; undefined if there is none. */
    scrollToReply(seq: number): Element | undefined {
      const row = box.querySelector(`[data-seq="${seq}"]`) ?? undefined;
      if (!row) return undefined;
      isPinnedToEnd = false;
      row.scrollIntoView({ block: "center" });
      return row;
    },
  };
}
