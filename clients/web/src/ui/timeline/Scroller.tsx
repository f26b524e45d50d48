// The visible rows and the scroll position: kept when older rows are added above, and
// at the end while the reader is at the end.

import { Virtualizer, type VirtualizerHandle } from "virtua/solid";
import { createEffect, on, onCleanup, onMount } from "solid-js";

import type { Row } from "../../stores/timeline/rows";
import type { Timeline } from "../../stores/timeline/timeline";
import { createKeyed } from "../shared/keyed";
import { createMessageScroll } from "./scroll-to-message";
import { createFlash } from "./flash";
import { focusRow, navigateByArrow } from "./arrow-navigation";
import { RowView } from "./RowView";

/** Nearer than this to the end counts as being there. */
const END_PX = 48;
/** Nearer than this to an edge, the next page is read. */
const PREFETCH_PX = 800;

/** The height of the log below the viewport; the virtualiser knows it without measuring the page. */
const underneath = ({ scrollSize, scrollOffset, viewportSize }: VirtualizerHandle) =>
  scrollSize - scrollOffset - viewportSize;

export interface ScrollerHandle {
  scrollToEnd(): void;
  /** Whether the line of new messages is among the rows. */
  scrollToNew(): boolean;
}

export function Scroller(props: {
  timeline: Timeline;
  label: string;
  handle: (handle: ScrollerHandle) => void;
  onBottom: (atBottom: boolean) => void;
  onNewAbove: (above: boolean) => void;
}) {
  const { timeline } = props;
  const rows = (): readonly Row[] => timeline.content()?.rows ?? [];
  const keyed = createKeyed(rows, (row) => row.key);
  const { isFlashing, start: startFlash } = createFlash();
  let box!: HTMLDivElement;
  let list: VirtualizerHandle | undefined;
  /** Whether the view follows the end. */
  let isPinnedToEnd = timeline.target() === undefined;
  let offset = 0;

  const scrollToEnd = () => {
    isPinnedToEnd = true;
    if (rows().length) list?.scrollToIndex(rows().length - 1, { align: "end", offset: END_PX });
  };
  props.handle({
    scrollToEnd,
    scrollToNew() {
      const at = rows().findIndex((row) => row.kind !== "start" && row.startsNew);
      if (at < 0) return false;
      isPinnedToEnd = false;
      list?.scrollToIndex(at, { align: "start", offset: -24 });
      return true;
    },
  });

  function update(): void {
    if (!list) return;
    const { scrollOffset, scrollSize, viewportSize } = list;
    if (!viewportSize) return;
    const below = underneath(list);
    const now = timeline.content();
    props.onBottom(below < END_PX && !messageScroll.isActive());
    const line = rows().findIndex((row) => row.kind !== "start" && row.startsNew);
    const newAfter = timeline.newAfter();
    const unseen = newAfter !== undefined && now !== undefined && now.range.after > newAfter;
    if (messageScroll.isActive()) return;
    const middle = rows()[list.findItemIndex(scrollOffset + viewportSize / 2)];
    timeline.setViewedSeq(middle && "message" in middle && !(below < END_PX && now?.atTail) ? middle.message.seq : undefined);
    props.onNewAbove(line >= 0 ? list.getItemOffset(line) < scrollOffset : unseen);
    if (timeline.retry() || !now) return;
    if (scrollOffset < PREFETCH_PX && scrollSize > viewportSize) timeline.loadOlder();
    if (below < PREFETCH_PX) timeline.loadNewer();
  }

  /** Only scrolling up unpins from the end: new rows may push the end away for a moment. */
  function onScroll(): void {
    if (!list) return;
    if (underneath(list) < END_PX) isPinnedToEnd = timeline.content()?.atTail === true;
    else if (list.scrollOffset < offset) isPinnedToEnd = false;
    offset = list.scrollOffset;
    update();
  }

  /**
   * Before it knows its own height, the virtualiser would wait for a scroll event that
   * never comes, and draw nothing until then.
   */
  const shifts = () => timeline.content()?.shift === true && list !== undefined && list.viewportSize > 0;

  const indexOf = (seq: number) => rows().findIndex((row) => "message" in row && row.message.seq >= seq);

  const messageScroll = createMessageScroll(() => list, indexOf, () => (update(), focusRow(box.querySelector(".msg-flash"))));

  /**
   * After rows were added or removed, the virtualiser learns the scroll position from the
   * scroll event of the next frame. Until then the edge seems near, and page after page
   * would be loaded.
   */
  let frame = 0;
  const updateSoon = () => void (frame ||= requestAnimationFrame(() => ((frame = 0), update())));
  onCleanup(() => cancelAnimationFrame(frame));
  const followEnd = () => (isPinnedToEnd ? scrollToEnd() : undefined, updateSoon());

  createEffect(on(timeline.content, () => queueMicrotask(followEnd)));

  createEffect(
    on([timeline.target, timeline.content], ([target]) => {
      if (target === undefined || indexOf(target.seq) < 0) return;
      isPinnedToEnd = false;
      timeline.clearTarget();
      messageScroll.scrollTo(target.seq);
      if (target.flash) startFlash(target.seq);
    }),
  );

  createEffect(on(timeline.tailJumps, () => (messageScroll.cancel(), queueMicrotask(scrollToEnd)), { defer: true }));
  // A scroll that is under way must have no effect any more: another range may be shown.
  onCleanup(() => (messageScroll.cancel(), (list = undefined)));

  onMount(() => {
    const observer = new ResizeObserver(followEnd);
    observer.observe(box);
    onCleanup(() => observer.disconnect());
  });

  return (
    <div
      ref={box}
      class="scroller"
      role="log"
      aria-live="off"
      aria-label={props.label}
      tabIndex={0}
      onKeyDown={(event) => navigateByArrow(box, event)}
      onWheel={() => messageScroll.cancel()}
      onTouchMove={() => messageScroll.cancel()}
    >
      <div class="scroller-fill" />
      <Virtualizer
        ref={(handle) => (list = handle)}
        data={keyed.keys()}
        shift={shifts()}
        scrollRef={box}
        onScroll={onScroll}
        onResize={followEnd}
      >
        {(key) => {
          const row = keyed.at(key);
          return <RowView row={row()} roomId={timeline.roomId} flash={isFlashing(Number(key))} />;
        }}
      </Virtualizer>
      <div class="scroller-end" />
    </div>
  );
}
