import { createMemo, type Accessor } from "solid-js";

import type { Chat } from "../../stores/chat";
import { notifiableUnread, type Unread } from "../../stores/reading/unread";
import { createDeadline } from "../shared/deadline";

/** The number of unread messages that notify, over all rooms, optionally except one. */
export function createNotifiableUnread(chat: Chat, exceptRoomId?: Accessor<string>): Accessor<Pick<Unread, "count" | "more">> {
  const ends = () => chat.rooms().map(({ view }) => view.preferences.mutedUntil);
  // Counted again when the mute of a room ends.
  const silent = createDeadline(() => Math.min(...ends().filter((end) => end > Date.now())));
  return createMemo(
    () => {
      silent();
      const others = chat.rooms().filter(({ room }) => room.id !== exceptRoomId?.());
      const all = others.map(({ view, unread }) => notifiableUnread(unread, view.preferences));
      return { count: all.reduce((n, { count }) => n + count, 0), more: all.some(({ more }) => more) };
    },
    undefined,
    { equals: (a, b) => a.count === b.count && a.more === b.more },
  );
}
