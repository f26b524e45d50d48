import { Show, Suspense, createEffect, createSignal, on } from "solid-js";

import { useChat } from "../../stores/chat";
import type { Timeline as TimelineState } from "../../stores/timeline/timeline";
import { t } from "../i18n";
import { createEscape } from "../shared/escape";
import { lazy } from "../shared/lazy";
import { Scroller, type ScrollerHandle } from "./Scroller";
import { createMarkAsRead } from "./mark-as-read";

const Announcer = lazy(() => import("./Announcer"));
const TimelineOverlay = lazy(() => import("./TimelineOverlay"));

/** The room's log on the screen. */
export function Timeline(props: { timeline: TimelineState }) {
  const chat = useChat();
  const { timeline } = props;
  const [atBottom, setAtBottom] = createSignal(true);
  /** After which position the new ones begin, while that is above. */
  const [newAbove, setNewAbove] = createSignal<number>();
  /** Whether the reader has seen the first new message, and needs no button to it. */
  const [hasSeenNew, setHasSeenNew] = createSignal(false);
  createEffect(on(timeline.newAfter, () => setHasSeenNew(false)));
  createEffect(on(newAbove, (now, before) => now === undefined && before === timeline.newAfter() && setHasSeenNew(before !== undefined)));
  let scroller: ScrollerHandle | undefined;
  // During a jump the reader does not count as being at the end.
  createEffect(() => timeline.target() && setAtBottom(false));
  const { markAll } = createMarkAsRead(chat, timeline, atBottom);

  async function toNew(): Promise<void> {
    const after = timeline.newAfter();
    if (after !== undefined && !scroller?.scrollToNew()) await timeline.jump(after + 1);
  }

  // An own message brings the writer back to the end.
  createEffect(
    on(
      () => chat.outbox().filter(({ message }) => message.roomId === timeline.roomId && !message.threadSeq).length,
      (count, before = 0) => {
        if (count > before) queueMicrotask(() => scroller?.scrollToEnd());
        return count;
      },
      { defer: true },
    ),
  );

  let log!: HTMLDivElement;
  createEscape(
    () => log,
    () => {
      timeline.toTail();
      markAll();
      timeline.setNewAfter(undefined);
    },
    // In other fields Escape belongs to the field; only in an empty composer it has no other meaning.
    ({ target }) => (target as Element).matches("input, select, textarea:not(:placeholder-shown)"),
  );

  return (
    <div ref={log} class="timeline">
      <Show when={timeline.generation()} keyed>
        <Scroller
          timeline={timeline}
          label={t("timelineOf", { room: chat.title(timeline.roomId) })}
          handle={(handle) => (scroller = handle)}
          onBottom={setAtBottom}
          onNewAbove={(above) => setNewAbove(above ? timeline.newAfter() : undefined)}
        />
      </Show>
      <Suspense>
        <TimelineOverlay
          timeline={timeline}
          newAbove={newAbove() !== undefined && !hasSeenNew()}
          isAway={!atBottom() || timeline.content()?.atTail === false}
          onNew={() => void toNew()}
        />
        <Announcer timeline={timeline} />
      </Suspense>
    </div>
  );
}
