import type { Snapshot } from "../../sync/update";
import { tail, type Model, type RoomView } from "./model";
import { countUpTo } from "../reading/unread";

/**
 * The state that another tab needs to follow this one, up to the position that the
 * stream has reached: later changes are broadcast to the other tab as well.
 */
export function takeSnapshot(model: Model, syncedSeq: (roomId: string) => number | undefined): Snapshot {
  const views = [...model.rooms.values()];
  return {
    me: model.me,
    choice: model.choice,
    connection: model.connection,
    epoch: model.epoch,
    rooms: views.map((view) => {
      const headSeq = Math.min(tail(view).upTo, syncedSeq(view.room.id) ?? Infinity);
      const { count, more, mentions } = countUpTo(view, model.me.id, headSeq);
      const { counted, unread: threads } = view.threads;
      return {
        room: { ...view.room, headSeq },
        role: view.role,
        mutedUntil: view.mutedUntil,
        readSeq: view.readSeq,
        unreadCount: count,
        unreadMore: more,
        unreadMentions: mentions,
        unreadThreads: counted + threads.size,
        unreadFrom: view.unreadFrom,
        settings: view.preferences,
        lastMessage: view.lastMessage,
      };
    }),
    doubtful: views.filter(needsResync).map(({ room }) => room.id),
    users: [...model.users.values()],
    presences: [...model.presences.values()],
    blocked: model.blocked && [...model.blocked],
    apart: [...model.blockRelations],
  };
}

/** Whether what is counted may be wrong, and the server has to be asked. */
export const needsResync = ({ countStale, threads }: RoomView) => countStale || threads.staleness !== "none";
