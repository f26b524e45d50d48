// Marks the room as read, and places the line of new messages.

import { createEffect, createMemo, untrack, type Accessor } from "solid-js";

import type { Chat } from "../../stores/chat";
import type { Timeline } from "../../stores/timeline/timeline";
import { createWindowFocus } from "../shared/window-focus";

export function createMarkAsRead(chat: Chat, timeline: Timeline, atBottom: Accessor<boolean>) {
  const { roomId } = timeline;
  const isFocused = createWindowFocus();
  /** A flag that is set while the room is open is held until the user comes back, or marks all as read. */
  const flag = createMemo<{ from: number; isHeld: boolean } | undefined>((before) => {
    const from = chat.room(roomId)?.unreadFrom ?? 0;
    return from === before?.from ? before : { from, isHeld: before !== undefined && from > 0 };
  });

  const isReading = () => isFocused() && atBottom() && timeline.isTailLoaded();
  const unread = () => chat.unread(roomId).count;

  // The line goes above messages that are unread when the room is opened, or that come
  // while the user is not reading. It stays there while they are read.
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
