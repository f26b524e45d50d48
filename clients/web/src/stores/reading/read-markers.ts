// How far the user has read, and how much is unread for that. What lies before
// what is known here was counted by the server, and counted down from there.

import type { Update } from "../../sync/update";
import type { Topic } from "../model/apply";
import type { Model, RoomView } from "../model/model";
import { isWhole } from "./unread";
import { TOLD_MEMBERS } from "../people/presence";
import { threadRead } from "../threads/threads";

/** The user has read up to here, which also takes a flag away; never moves backwards. */
export function markRead(model: Model, roomId: string, seq: number): Topic[] {
  const view = model.rooms.get(roomId);
  if (!view || (seq <= view.readSeq && !view.unreadFrom)) return [];
  if (seq > view.readSeq) {
    view.readSeq = seq;
    // In the middle of what only the server has counted: how much of that is read now?
    view.doubtful = !isWhole(view) && (view.counted.count > 0 || view.counted.more);
  }
  view.unreadFrom = 0;
  return ["rooms", `room:${roomId}`];
}

/** The user has flagged the room as unread from here on. */
export function markUnread(model: Model, roomId: string, from: number): Topic[] {
  const view = model.rooms.get(roomId);
  if (!view || view.unreadFrom === from) return [];
  view.unreadFrom = from;
  return ["rooms", `room:${roomId}`];
}

/** A mark that another device of the user has moved. */
export function ownMark(model: Model, { roomId, readSeq, threadSeq, unreadFrom }: Extract<Update, { kind: "readMarker" }>): Topic[] {
  if (threadSeq) return threadRead(model, roomId, threadSeq, readSeq);
  return [...markRead(model, roomId, readSeq), ...markUnread(model, roomId, unreadFrom)];
}

/** The room, if the user has read more of it than the server knows: it has crashed before it stored that. */
export function readBeyond(model: Model, update: Update): RoomView | undefined {
  if (update.kind !== "readMarker" || update.userId !== model.me.id || update.threadSeq) return undefined;
  const view = model.rooms.get(update.roomId);
  return view && view.readSeq > update.readSeq && !update.unreadFrom ? view : undefined;
}

export interface Reached {
  readonly delivered: number;
  readonly read: number;
}

/** Up to where all other members have got and read the room; undefined where their marks are not told, or there are none. */
export function reachedByAll({ room, receipts, members }: RoomView): Reached | undefined {
  const others = room.memberCount - 1;
  if (others < 1 || room.memberCount > TOLD_MEMBERS) return undefined;
  const marks = [...receipts.values()].filter(({ userId }) => members?.has(userId) !== false);
  // So many have at least this.
  const all = (seqs: number[]) => seqs.sort((a, b) => b - a)[others - 1] ?? 0;
  const read = all(marks.map(({ readSeq }) => readSeq));
  return { read, delivered: Math.max(read, all(marks.map(({ deliveredSeq }) => deliveredSeq))) };
}
