// When the user counts as having read the room, and where the line of new
// messages goes.

import { createEffect, createMemo, untrack, type Accessor } from "solid-js";

import type { Chat } from "../../stores/chat";
import type { Timeline } from "../../stores/timeline/timeline";
import { createWindowFocus } from "../shared/window-focus";

export function createMarkAsRead(chat: Chat, timeline: Timeline, atBottom: Accessor<boolean>) {
  const { roomId } = timeline;
  const isFocused = createWindowFocus();
  /** Flagged while one is in the room, it is held until one comes back, or says that all is read. */
  const flag = createMemo<{ from: number; isHeld: boolean } | undefined>((before) => {
    const from = chat.room(roomId)?.unreadFrom ?? 0;
    return from === before?.from ? before : { from, isHeld: before !== undefined && from > 0 };
  });

  const isReading = () => isFocused() && atBottom() && timeline.isTailLoaded();
  const unread = () => chat.unread(roomId).count;

  // What is unread when the room is opened, or what comes while nobody looks,
  // is under the line; it stays there while it is read.
  createEffect<number | undefined>((before) => {
    const count = unread();
    const opened = before === undefined;
    if (!before && count > 0 && (opened || !untrack(isReading))) placeNewLine();
    return count;
  });

  createEffect(() => flag()?.from && untrack(placeNewLine));

  createEffect(() => {
    if (isReading() && !flag()?.isHeld && (unread() > 0 || flag()?.from)) markAll();
  });

  function placeNewLine(): void {
    const view = chat.timeline(roomId);
    if (view) timeline.setNewAfter(view.unreadFrom ? Math.min(view.unreadFrom - 1, view.readSeq) : view.readSeq);
  }

  function markAll(): void {
    const head = chat.timeline(roomId)?.room.headSeq;
    if (head !== undefined) chat.markRead(roomId, head);
  }

  return { markAll };
}
