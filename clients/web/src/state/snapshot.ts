import type { Snapshot } from "../sync/update";
import { tail, unread, type Model } from "./model";

/** All that another tab has to know to follow this one. */
export function takeSnapshot(model: Model): Snapshot {
  return {
    me: model.me,
    choice: model.choice,
    connection: model.connection,
    rooms: [...model.rooms.values()].map((view) => {
      const { count, more, mentions } = unread(view, model.me.id);
      const { counted, unread: threads } = view.threads;
      return {
        room: { ...view.room, headSeq: tail(view).upTo },
        role: view.role,
        mutedUntil: view.mutedUntil,
        readSeq: view.readSeq,
        unreadCount: count,
        unreadMore: more,
        unreadMentions: mentions,
        unreadThreads: counted + threads.size,
        unreadFrom: view.unreadFrom,
        settings: view.settings,
        lastMessage: view.last,
      };
    }),
    users: [...model.users.values()],
    presences: [...model.presences.values()],
    blocked: model.blocked && [...model.blocked],
  };
}
