// When the user counts as having read the room, and where the line of new
// messages goes.

import { createEffect, createSignal, onCleanup, untrack, type Accessor } from "solid-js";

import type { Chat } from "../../state/chat";
import type { Timeline } from "../../state/timeline";

export function createReading(chat: Chat, timeline: Timeline, atBottom: Accessor<boolean>) {
  const { roomId } = timeline;
  const [attentive, setAttentive] = createSignal(looks());
  const look = () => setAttentive(looks());
  for (const kind of ["focus", "blur"]) window.addEventListener(kind, look);
  document.addEventListener("visibilitychange", look);
  onCleanup(() => {
    for (const kind of ["focus", "blur"]) window.removeEventListener(kind, look);
    document.removeEventListener("visibilitychange", look);
  });

  const reading = () => attentive() && atBottom() && timeline.shown()?.atTail === true;
  const unread = () => chat.unread(roomId).count;

  // What is unread when the room is opened, or what comes while nobody looks,
  // is under the line; it stays there while it is read.
  createEffect<number | undefined>((before) => {
    const count = unread();
    const opened = before === undefined;
    if (!before && count > 0 && (opened || !untrack(reading))) drawLine();
    return count;
  });

  createEffect(() => {
    if (reading() && unread() > 0) markAll();
  });

  function drawLine(): void {
    timeline.setNewAfter(chat.timeline(roomId)?.readSeq);
  }

  function markAll(): void {
    const head = chat.timeline(roomId)?.room.headSeq;
    if (head !== undefined) chat.markRead(roomId, head);
  }

  return { markAll };
}

function looks(): boolean {
  return !document.hidden && document.hasFocus();
}
