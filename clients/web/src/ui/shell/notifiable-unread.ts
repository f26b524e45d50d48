import { createMemo, type Accessor } from "solid-js";

import type { Chat } from "../../stores/chat";
import { notifiableUnread, type Unread } from "../../stores/reading/unread";
import { createDeadline } from "../shared/deadline";

/** How much is unread of what the user wants to hear of, in all rooms; but not in the one they look at, if it is given. */
export function createNotifiableUnread(chat: Chat, exceptRoomId?: Accessor<string>): Accessor<Pick<Unread, "count" | "more">> {
  const ends = () => chat.rooms().map(({ view }) => view.preferences.mutedUntil);
  // Whenever a room is no longer silent, it is counted again.
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
