// The part of a room's log that is on the screen: one range, which grows at the end to
// which the reader scrolls and is trimmed at the other, so that a long log costs no more
// than a short one.

import { batch, createEffect, createMemo, createSignal, on, onCleanup, untrack } from "solid-js";

import { Failure } from "../../domain/failure";
import type { Anchor, Message, Page } from "../../domain/types";
import { PAGE_SIZE, type Chat } from "../chat";
import { messagesIn, tail, type RoomView } from "../model/model";
import { firstAfter, rangeOf, type Range } from "../model/ranges";
import { Rows, type Row } from "./rows";

/** With fewer messages than this, older ones are loaded automatically. */
const MIN_MESSAGES = 30;
/** With more messages than this, the end that is farther away is trimmed. */
const MAX_MESSAGES = 700;
const MESSAGES_AFTER_TRIM = 500;

/** The part of a loaded range that is shown. It follows the tail if `upTo` is infinite. */
interface Bounds {
  readonly after: number;
  readonly upTo: number;
}

export interface TimelineContent {
  readonly rows: readonly Row[];
  readonly range: Range;
  /** Rows were added before those that were there. */
  readonly shift: boolean;
  /** The stretch goes to the room's newest position. */
  readonly atTail: boolean;
}

/** The message to scroll to, and whether to flash it. */
interface Target {
  readonly seq: number;
  readonly flash: boolean;
}

export type Timeline = ReturnType<typeof createTimeline>;

export function createTimeline(chat: Chat, roomId: string) {
  const [anchor, setAnchor] = createSignal<number | "tail">("tail");
  /** Counts the ranges shown: the virtualiser measures each from the start. */
  const [generation, setGeneration] = createSignal(1);
  const [target, setTarget] = createSignal<Target>();
  const [loading, setLoading] = createSignal<"older" | "newer" | "jump">();
  /** Repeats what has failed. */
  const [retry, setRetry] = createSignal<() => void>();
  const [newAfter, setNewAfter] = createSignal<number>();
  const [bounds, setBounds] = createSignal<Bounds>(newestBounds(chat.timeline(roomId)));
  /** Counts how often the reader was sent to the end. */
  const [tailJumps, setTailJumps] = createSignal(0);
  const builder = new Rows();
  /** The position in the middle of the viewport; undefined at the end. */
  let viewedSeq: number | undefined;
  /** The reader's position when the room was reset, until it is shown again. */
  let returnSeq: number | undefined;
  let viewed = chat.timeline(roomId);
  onCleanup(chat.show(roomId));

  const stretch = (view: RoomView): Range | undefined => {
    const at = anchor();
    return at === "tail" ? tail(view) : rangeOf(view.ranges, at);
  };
  const rangeIn = (view: RoomView): Range | undefined => {
    const whole = stretch(view);
    if (!whole) return undefined;
    const after = Math.min(Math.max(bounds().after, whole.after), whole.upTo);
    return { after, upTo: Math.max(Math.min(bounds().upTo, whole.upTo), after) };
  };

  const content = createMemo<TimelineContent | undefined>((before) => {
    // Tracked at all times, since the reader comes back to it.
    generation();
    const view = chat.timeline(roomId);
    if (view !== viewed) {
      viewed = view;
      if (before) returnSeq = viewedSeq;
    }
    // After a reset, the old rows stay until their range is loaded again.
    if (view && returnSeq !== undefined) return before;
    const range = view && rangeIn(view);
    if (!view || !range) return undefined;
    const atTail = range.upTo === tail(view).upTo;
    const outbox = atTail ? chat.outbox().filter(({ message }) => message.roomId === roomId && !message.threadSeq) : [];
    const messages = messagesIn(view, range);
    const rows = builder.build({ messages, outbox, me: chat.me().id, after: range.after, newAfter: newAfter() });
    // Before anything was there, nothing can have been moved.
    const shift = before !== undefined && before.rows.length > 0 && range.after !== before.range.after && range.upTo === before.range.upTo;
    return { rows, range, shift, atTail };
  });

  /** Reads are made one at a time; a jump waits for its turn. */
  let lastRead: Promise<unknown> = Promise.resolve();

  function read(what: "older" | "newer" | "jump", at: Anchor): Promise<Page> {
    const now = lastRead.then(() => readNow(what, at));
    lastRead = now.catch(() => undefined);
    setLoading(what);
    return now;
  }

  async function readNow(what: "older" | "newer" | "jump", at: Anchor): Promise<Page> {
    setLoading(what);
    const early = "before" in at ? await chat.takePrefetched(roomId) : undefined;
    // A page that was prefetched before the stream began may lack changes between.
    const ahead = early && "before" in at && early.headSeq >= at.before - 1 ? early : undefined;
    const page = ahead ?? (await chat.api.listMessages(roomId, at, PAGE_SIZE));
    const first = page.messages[0]?.seq;
    const last = page.messages.at(-1)?.seq;
    const after = "after" in at ? at.after : page.hasOlder && first !== undefined ? first - 1 : 0;
    const upTo = "before" in at && !ahead ? at.before - 1 : page.hasNewer && last !== undefined ? last : page.headSeq;
    batch(() => {
      setRetry(undefined);
      chat.applyPage(roomId, page, { after, upTo });
    });
    setLoading(undefined);
    return page;
  }

  /** Runs work that can be retried if it fails. A final failure is passed to `onImpossible`. */
  async function withRetry(work: () => Promise<void>, onImpossible?: (failure: Failure) => void): Promise<void> {
    try {
      await work();
    } catch (error) {
      batch(() => {
        setLoading(undefined);
        if (onImpossible && error instanceof Failure && error.isFinal) onImpossible(error);
        else setRetry(() => () => (setRetry(undefined), void withRetry(work, onImpossible)));
      });
    }
  }

  /** Shows one more page at one end, loading it if necessary. */
  async function grow(what: "older" | "newer"): Promise<void> {
    const view = untrack(() => chat.timeline(roomId));
    const now = untrack(content);
    const whole = view && untrack(() => stretch(view));
    if (!view || !now || !whole || returnSeq !== undefined || untrack(loading)) return;
    const older = what === "older";
    if (older ? now.range.after === 0 : now.atTail) return;
    trim(view, now.range, older);
    const { after, upTo } = now.range;
    const unknown = older ? whole.after >= after : whole.upTo <= upTo;
    const generationBefore = untrack(generation);
    if (unknown) await read(what, older ? { before: after + 1 } : { after: upTo });
    // The reader has gone elsewhere meanwhile.
    if (untrack(generation) !== generationBefore) return;
    const { order, room } = view;
    if (older) {
      const at = firstAfter(order, after) - PAGE_SIZE;
      const knownEnd = rangeOf(view.ranges, after)?.after ?? after;
      setBounds({ ...untrack(bounds), after: Math.max(at > 0 ? (order[at - 1] ?? 0) : 0, knownEnd) });
    } else {
      const at = order[firstAfter(order, upTo) + PAGE_SIZE - 1];
      const knownEnd = rangeOf(view.ranges, upTo + 1)?.upTo ?? upTo;
      const end = Math.min(at ?? knownEnd, knownEnd);
      setBounds({ ...untrack(bounds), upTo: end >= Math.max(tail(view).upTo, room.headSeq) ? Infinity : end });
    }
  }

  /** Trims the end from which the reader scrolls away. */
  function trim(view: RoomView, { after, upTo }: Range, older: boolean): void {
    const { order } = view;
    const first = firstAfter(order, after);
    const end = firstAfter(order, upTo);
    if (end - first <= MAX_MESSAGES) return;
    const now = untrack(bounds);
    const trimmed: Bounds = older
      ? { after: now.after, upTo: order[first + MESSAGES_AFTER_TRIM - 1] ?? upTo }
      : { after: (order[end - MESSAGES_AFTER_TRIM] ?? after + 1) - 1, upTo: now.upTo };
    const keep = { after: Math.max(trimmed.after, after), upTo: Math.min(trimmed.upTo, upTo) };
    batch(() => {
      setBounds(trimmed);
      // Messages between here and the tail may be evicted.
      setAnchor(keep.upTo === tail(view).upTo ? "tail" : keep.upTo);
    });
    chat.evict(roomId, keep);
  }

  const loadOlder = () => void withRetry(() => grow("older"));
  const loadNewer = () => void withRetry(() => grow("newer"));

  /** Shows a position, or the message next after it. */
  async function show(seq: number, flash: boolean): Promise<void> {
    const loadedView = () => {
      const view = chat.timeline(roomId);
      return view && rangeOf(view.ranges, seq) && view;
    };
    const current = returnSeq === undefined ? untrack(content) : undefined;
    const isVisible = current && current.range.after < seq && seq <= current.range.upTo;
    if (!isVisible && !loadedView()) await read("jump", { around: seq });
    const view = loadedView();
    if (!isVisible && !view) return;
    batch(() => {
      if (!isVisible && view) {
        const { order } = view;
        const at = firstAfter(order, seq);
        returnSeq = undefined;
        setAnchor(seq);
        setBounds({ after: (order[Math.max(at - 1 - PAGE_SIZE, 0)] ?? 1) - 1, upTo: order[at + PAGE_SIZE] ?? Infinity });
        setGeneration(generation() + 1);
      }
      setTarget({ seq, flash });
    });
  }

  /** The message at a position. The page that is loaded for it is used to show it, too. */
  async function find(seq: number): Promise<Message> {
    const view = chat.timeline(roomId);
    if (view && !view.messages.has(seq) && !rangeOf(view.ranges, seq)) await read("jump", { around: seq });
    return chat.findMessage(roomId, seq);
  }

  let jumpId = 0;
  /** The jump target is not shown yet. */
  const [isJumping, setJumping] = createSignal(false);
  /** Shows a message. For a thread reply it shows the root; `onFound` shows the reply itself. */
  async function goTo(seq: number, onFound: (message: Message) => void): Promise<void> {
    const ownId = ++jumpId;
    setJumping(true);
    try {
      const message = await find(seq);
      if (ownId !== jumpId) return;
      onFound(message);
      await show(message.threadSeq || seq, !message.threadSeq);
    } finally {
      if (ownId === jumpId) setJumping(false);
    }
  }

  /** Shows what was posted at a moment, or next after it. */
  async function showTime(at: number): Promise<void> {
    const page = await read("jump", { aroundTime: at });
    const message = page.messages.find(({ postedAt }) => postedAt >= at) ?? page.messages.at(-1);
    if (message) await show(message.seq, true);
  }

  function toTail(): void {
    jumpId += 1;
    batch(() => {
      setJumping(false);
      setTarget(undefined);
      setRetry(undefined);
      setTailJumps(tailJumps() + 1);
      if (returnSeq === undefined && untrack(content)?.atTail) return;
      returnSeq = undefined;
      setAnchor("tail");
      setBounds(newestBounds(chat.timeline(roomId)));
      setGeneration(generation() + 1);
    });
  }

  // The newest page, and more of it if little came with it.
  createEffect(() => {
    const now = content();
    if (!now || loading() || retry()) return;
    if (now.range.after > 0 && messageCount(now) < MIN_MESSAGES) untrack(loadOlder);
  });

  // New messages must not pile up on the screen while nobody scrolls.
  createEffect(() => {
    const now = content();
    const view = untrack(() => chat.timeline(roomId));
    if (view && now?.atTail && now.rows.length > 2 * MAX_MESSAGES) untrack(() => trim(view, now.range, false));
  });

  // A connection that came back is a reason to try again.
  createEffect(() => chat.connection().kind === "live" && untrack(retry)?.());

  // After a reset, go back to the reader's position, if it still exists.
  createEffect(
    on(
      () => chat.timeline(roomId),
      (view, before) => {
        const seq = returnSeq;
        if (view && view !== before && seq !== undefined) void withRetry(() => show(seq, false), toTail);
        return view;
      },
    ),
  );

  // The range that was shown is not loaded any more.
  createEffect(
    on([() => chat.timeline(roomId), content], ([view, now]) => {
      const at = untrack(anchor);
      if (view && !now && at !== "tail" && !untrack(loading)) toTail();
    }),
  );

  /** Whether the tail is loaded far enough to be read, and not only what came since the room was added. */
  const isTailLoaded = createMemo(() => {
    const now = content();
    const view = chat.timeline(roomId);
    if (isJumping() || !now?.atTail || !view) return false;
    return now.range.after <= Math.max(view.readSeq, view.startSeq - 1) || messageCount(now) >= MIN_MESSAGES;
  });

  return {
    roomId,
    content,
    isTailLoaded,
    generation,
    target,
    loading,
    retry,
    newAfter,
    setNewAfter,
    tailJumps,
    loadOlder,
    loadNewer,
    /** `onImpossible` is called if there is no such message. */
    goTo: (seq: number, onFound: (message: Message) => void, onImpossible: (failure: Failure) => void) =>
      withRetry(() => goTo(seq, onFound), onImpossible),
    jump: (seq: number) => withRetry(() => show(seq, true)),
    jumpToTime: (at: number) => withRetry(() => showTime(at)),
    toTail,
    setViewedSeq: (seq: number | undefined) => void (viewedSeq = seq),
    clearTarget: () => setTarget(undefined),
  };
}

/** The newest of what is known, and all that comes. */
function newestBounds(view: RoomView | undefined): Bounds {
  const { order } = view ?? { order: [] };
  return { after: (order[order.length - 2 * PAGE_SIZE] ?? 1) - 1, upTo: Infinity };
}

function messageCount({ rows }: TimelineContent): number {
  let count = 0;
  for (const row of rows) if (row.kind === "message" || row.kind === "system") count += 1;
  return count;
}
