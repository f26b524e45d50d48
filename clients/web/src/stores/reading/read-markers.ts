// Read markers of the user, and receipts of others.

import type { Update } from "../../sync/update";
import type { Topic } from "../model/apply";
import type { Model, RoomView } from "../model/model";
import { isFullyLoaded } from "./unread";
import { MAX_MEMBERS_WITH_PRESENCE } from "../people/presence";
import { applyThreadRead } from "../threads/threads";

/** The user has read up to this position, which also clears the flag. Never moves backwards. */
export function markRead(model: Model, roomId: string, seq: number): Topic[] {
  const view = model.rooms.get(roomId);
  if (!view || (seq <= view.readSeq && !view.unreadFrom)) return [];
  if (seq > view.readSeq) {
    view.readSeq = seq;
    // The marker is within messages that only the server has counted, so the rest is unknown.
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

/** Applies a read marker that another device of the user has moved. */
export function applyReadMarker(model: Model, { roomId, readSeq, threadSeq, unreadFrom }: Extract<Update, { kind: "readMarker" }>): Topic[] {
  if (threadSeq) return applyThreadRead(model, roomId, threadSeq, readSeq);
  return [...markRead(model, roomId, readSeq), ...markUnread(model, roomId, unreadFrom)];
}

/** The room, if the user has read further than the server knows, because it crashed before it stored that. */
export function roomReadBeyond(model: Model, update: Update): RoomView | undefined {
  if (update.kind !== "readMarker" || update.userId !== model.me.id || update.threadSeq) return undefined;
  const view = model.rooms.get(update.roomId);
  return view && view.readSeq > update.readSeq && !update.unreadFrom ? view : undefined;
}

export interface ReceiptSeqs {
  readonly delivered: number;
  readonly read: number;
}

/** The positions up to which all other members have received and read the room; undefined where receipts are not sent, or there are no others. */
export function receiptSeqsOfAll({ room, receipts, members }: RoomView): ReceiptSeqs | undefined {
  const others = room.memberCount - 1;
  if (others < 1 || room.memberCount > MAX_MEMBERS_WITH_PRESENCE) return undefined;
  const receiptList = [...receipts.values()].filter(({ userId }) => members?.has(userId) !== false);
  // All others have reached at least the lowest of these.
  const all = (seqs: number[]) => seqs.sort((a, b) => b - a)[others - 1] ?? 0;
  const read = all(receiptList.map(({ readSeq }) => readSeq));
  return { read, delivered: Math.max(read, all(receiptList.map(({ deliveredSeq }) => deliveredSeq))) };
}
