import type { Update } from "../sync/update";
import type { Model } from "./model";

/** Whether what is known of the rooms that are looked at may be wrong after this, and has to be asked for. */
export function doubtsWatched(model: Model, update: Update): boolean {
  if (update.kind === "change") {
    const { roomId, seq, message } = update.change;
    // A ban meets members and others, which the change does not say.
    const ban = message?.content.kind === "system" && message.content.what === "banned" && message.seq === seq;
    return ban && model.rooms.get(roomId)?.watched === true;
  }
  if (update.kind !== "presence" || update.presence.state === "offline") return false;
  // They may be in a room of which not every member is known.
  const { userId } = update.presence;
  return [...model.rooms.values()].some(
    ({ members, room }) => members && members.size < room.memberCount && !members.has(userId),
  );
}
