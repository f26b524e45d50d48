import { createMemo } from "solid-js";

import type { Chat } from "../../stores/chat";

/** The user's rooms in the order of lists: favorites first, then by their last message; archived rooms last. */
export function createSortedRooms(chat: Chat) {
  return createMemo(() =>
    [...chat.rooms()].sort((a, b) => {
      const at = (room: typeof a) => room.view.lastMessage?.postedAt ?? room.room.createdAt;
      const star = (room: typeof a) => Number(room.view.preferences.starred);
      const isArchived = (room: typeof a) => Number(room.room.archivedAt > 0);
      return isArchived(a) - isArchived(b) || star(b) - star(a) || at(b) - at(a) || a.room.name.localeCompare(b.room.name);
    }),
  );
}

export type RoomItem = ReturnType<ReturnType<typeof createSortedRooms>>[number];
