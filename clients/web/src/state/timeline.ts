// What of a room's log is on the screen: one stretch of it, grown at both ends
// as the reader goes there.

import { batch, createEffect, createMemo, createSignal, on, untrack } from "solid-js";

import type { Anchor } from "../nouns";
import type { Chat } from "./chat";
import { messagesIn, tail, type RoomView } from "./model";
import { rangeOf, type Range } from "./ranges";
import { Rows, type Row } from "./rows";

const PAGE = 50;
/** With fewer messages than this, older ones are read without being asked for. */
const ENOUGH = 30;

export interface Shown {
  readonly rows: readonly Row[];
  readonly range: Range;
  /** Rows were added before those that were there. */
  readonly shift: boolean;
  /** The stretch goes to the room's newest position. */
  readonly atTail: boolean;
}

export type Timeline = ReturnType<typeof createTimeline>;

export function createTimeline(chat: Chat, roomId: string) {
  const [anchor, setAnchor] = createSignal<number | "tail">("tail");
  /** Counts the stretches shown: each begins with its own measures. */
  const [place, setPlace] = createSignal(1);
  const [target, setTarget] = createSignal<number>();
  const [loading, setLoading] = createSignal<"older" | "newer" | "jump">();
  const [failed, setFailed] = createSignal(false);
  const [newAfter, setNewAfter] = createSignal<number>();
  const builder = new Rows();

  const rangeIn = (view: RoomView): Range | undefined => {
    const at = anchor();
    return at === "tail" ? tail(view) : rangeOf(view.known, at);
  };

  const shown = createMemo<Shown | undefined>((before) => {
    const view = chat.timeline(roomId);
    const range = view && rangeIn(view);
    if (!view || !range) return undefined;
    const atTail = range.upTo === tail(view).upTo;
    const outbox = atTail ? chat.outbox().filter(({ message }) => message.roomId === roomId) : [];
    const messages = messagesIn(view, range);
    const rows = builder.build({ messages, outbox, me: chat.me().id, atStart: range.after === 0, newAfter: newAfter() });
    const shift = before !== undefined && range.after < before.range.after && range.upTo === before.range.upTo;
    return { rows, range, shift, atTail };
  });

  async function read(what: "older" | "newer" | "jump", at: Anchor): Promise<boolean> {
    if (untrack(loading)) return false;
    setLoading(what);
    try {
      const page = await chat.api.listMessages(roomId, at, PAGE);
      const first = page.messages[0]?.seq;
      const last = page.messages.at(-1)?.seq;
      const after = "after" in at ? at.after : page.hasOlder && first !== undefined ? first - 1 : 0;
      const upTo = "before" in at ? at.before - 1 : page.hasNewer && last !== undefined ? last : page.headSeq;
      batch(() => {
        setFailed(false);
        chat.tookPage(roomId, page, { after, upTo });
      });
      return true;
    } catch {
      setFailed(true);
      return false;
    } finally {
      setLoading(undefined);
    }
  }

  function loadOlder(): void {
    const range = untrack(shown)?.range;
    if (range && range.after > 0) void read("older", { before: range.after + 1 });
  }

  function loadNewer(): void {
    const now = untrack(shown);
    if (now && !now.atTail) void read("newer", { after: now.range.upTo });
  }

  /** Shows the message at a position. */
  async function jump(seq: number): Promise<void> {
    const view = chat.timeline(roomId);
    if (!view) return;
    const inSight = untrack(shown);
    const here = inSight && inSight.range.after < seq && seq <= inSight.range.upTo;
    if (!here && !rangeOf(view.known, seq) && !(await read("jump", { around: seq }))) return;
    batch(() => {
      if (!here) {
        setAnchor(seq);
        setPlace(place() + 1);
      }
      setTarget(undefined);
      setTarget(seq);
    });
  }

  function toTail(): void {
    batch(() => {
      setTarget(undefined);
      if (untrack(shown)?.atTail) return;
      setAnchor("tail");
      setPlace(place() + 1);
    });
  }

  // The newest page, and more of it if little came with it.
  createEffect(() => {
    const now = shown();
    if (!now || loading() || failed()) return;
    if (now.range.after > 0 && messageCount(now) < ENOUGH) untrack(loadOlder);
  });

  // A connection that came back is a reason to try again.
  createEffect(() => chat.connection().kind === "live" && setFailed(false));

  // The room began anew and what was looked at is not known any more.
  createEffect(
    on([() => chat.timeline(roomId), shown], ([view, now]) => {
      const at = untrack(anchor);
      if (view && !now && at !== "tail" && !untrack(loading)) toTail();
    }),
  );

  return {
    roomId,
    shown,
    place,
    target,
    loading,
    failed,
    newAfter,
    setNewAfter,
    loadOlder,
    loadNewer,
    jump,
    toTail,
    retry: () => setFailed(false),
    arrived: () => setTarget(undefined),
  };
}

function messageCount({ rows }: Shown): number {
  let count = 0;
  for (const row of rows) if (row.kind === "message" || row.kind === "system") count += 1;
  return count;
}
