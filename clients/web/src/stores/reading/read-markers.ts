// How far the user has read, and how much is unread for that. What lies before
// what is known here was counted by the server, and counted down from there.

import type { Update } from "../../sync/update";
import type { Topic } from "../model/apply";
import type { Model, RoomView } from "../model/model";
import { isFullyLoaded } from "./unread";
import { MAX_MEMBERS_WITH_PRESENCE } from "../people/presence";
import { applyThreadRead } from "../threads/threads";

/** The user has read up to here, which also takes a flag away; never moves backwards. */
export function markRead(model: Model, roomId: string, seq: number): Topic[] {
  const view = model.rooms.get(roomId);
  if (!view || (seq <= view.readSeq && !view.unreadFrom)) return [];
  if (seq > view.readSeq) {
    view.readSeq = seq;
    // In the middle of what only the server has counted: how much of that is read now?
    view.countStale = !isFullyLoaded(view) && (view.counted.count > 0 || view.counted.more);
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
export function applyReadMarker(model: Model, { roomId, readSeq, threadSeq, unreadFrom }: Extract<Update, { kind: "readMarker" }>): Topic[] {
  if (threadSeq) return applyThreadRead(model, roomId, threadSeq, readSeq);
  return [...markRead(model, roomId, readSeq), ...markUnread(model, roomId, unreadFrom)];
}

/** The room, if the user has read more of it than the server knows: it has crashed before it stored that. */
export function roomReadBeyond(model: Model, update: Update): RoomView | undefined {
  if (update.kind !== "readMarker" || update.userId !== model.me.id || update.threadSeq) return undefined;
  const view = model.rooms.get(update.roomId);
  return view && view.readSeq > update.readSeq && !update.unreadFrom ? view : undefined;
}

export interface ReceiptSeqs {
  readonly delivered: number;
  readonly read: number;
}

/** Up to where all other members have got and read the room; undefined where their marks are not told, or there are none. */
export function receiptSeqsOfAll({ room, receipts, members }: RoomView): ReceiptSeqs | undefined {
  const others = room.memberCount - 1;
  if (others < 1 || room.memberCount > MAX_MEMBERS_WITH_PRESENCE) return undefined;
  const receiptList = [...receipts.values()].filter(({ userId }) => members?.has(userId) !== false);
  // So many have at least this.
  const all = (seqs: number[]) => seqs.sort((a, b) => b - a)[others - 1] ?? 0;
  const read = all(receiptList.map(({ readSeq }) => readSeq));
  return { read, delivered: Math.max(read, all(receiptList.map(({ deliveredSeq }) => deliveredSeq))) };
}
