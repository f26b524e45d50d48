// Adds messages to a room: from the stream, from pages and from the answers to calls.

import type { Delta, Message, Page } from "../../domain/types";
import type { Topic } from "../model/apply";
import { knowsOwnReactions, queueDelta, withDelta, withOwnReactions } from "./deltas";
import type { Model, RoomView } from "../model/model";
import { firstAfter, addRange } from "../model/ranges";
import { removeStored } from "../outbox/outbox-view";

/** Applies a page of history that covers the positions after `after` up to `upTo`. */
export function applyPage(model: Model, roomId: string, page: Page, cover: { after: number; upTo: number }): Topic[] {
  const view = model.rooms.get(roomId);
  // The room may have been removed or reset while the page was loading. Changes between
  // the page and the reset are unknown.
  if (!view || page.headSeq < view.startSeq || cover.after > page.headSeq) return [];
  mergeMessages(view, page.messages);
  view.ranges = addRange(view.ranges, cover);
  return [`timeline:${roomId}`, ...updateLastMessage(view), ...removeStored(model, page.messages)];
}

/** Applies messages from the answers to calls, which may be newer than the stream. */
export function applyMessages(model: Model, messages: readonly Message[]): Topic[] {
  return messages.flatMap((message) => {
    const view = model.rooms.get(message.roomId);
    return view ? applyMessage(view, message, false) : [];
  });
}

/** Applies the newest page that comes with a reset, oldest message first. */
export function applyFirstPage(model: Model, roomId: string, messages: readonly Message[]): Topic[] {
  const view = model.rooms.get(roomId);
  const first = messages[0];
  if (!view || !first) return [];
  mergeMessages(view, messages);
  view.ranges = addRange(view.ranges, { after: first.seq - 1, upTo: view.room.headSeq });
  return [`timeline:${roomId}`, ...removeStored(model, messages)];
}

/** Applies a new or changed message. */
export function applyMessage(view: RoomView, message: Message, posted: boolean): Topic[] {
  const { roomId, seq } = message;
  const before = view.messages.get(seq);
  mergeMessages(view, [message]);
  if (message.threadSeq) return [`message:${roomId}:${seq}`, `thread:${roomId}:${message.threadSeq}`];
  const pins = message.pin !== undefined || before?.pin !== undefined || (!before && !posted);
  return [`timeline:${roomId}`, `message:${roomId}:${seq}`, ...(pins ? [`pins:${roomId}` as const] : []), ...updateLastMessage(view)];
}

/** Applies a live change of a part of a message. */
export function applyDelta(view: RoomView, at: number, delta: Delta, me: string): Topic[] {
  const before = view.messages.get(delta.seq);
  const pins = delta.kind === "pin" ? [`pins:${view.room.id}` as const] : [];
  const pending = { at, delta, me };
  if (before) return [...applyMessage(view, withDelta(before, pending), false), ...pins];
  queueDelta(view.deltas, pending);
  // The message may be shown elsewhere, such as in search results.
  return [`message:${view.room.id}:${delta.seq}`, ...pins];
}

/** The newer state of a message wins. */
export function mergeMessages(view: RoomView, messages: readonly Message[]): void {
  const newSeqs: number[] = [];
  for (const message of messages) {
    const before = view.messages.get(message.seq);
    // The page may have been requested before the deltas came.
    const incoming = view.deltas.reduce(withDelta, message);
    if (before && before.changedSeq >= incoming.changedSeq) {
      if (!knowsOwnReactions(before)) view.messages.set(message.seq, withOwnReactions(before, incoming));
      continue;
    }
    // Thread replies are not part of the timeline.
    if (!before && !message.threadSeq) newSeqs.push(message.seq);
    view.messages.set(message.seq, withOwnReactions(incoming, before));
  }
  const [first] = newSeqs;
  if (first === undefined) return;
  // A page is sorted and does not overlap loaded ranges, so one cut is enough.
  const at = firstAfter(view.order, first);
  const rest = view.order.slice(at);
  if (!rest.length) view.order.push(...newSeqs);
  else if ((newSeqs[newSeqs.length - 1] ?? 0) < (rest[0] ?? 0)) view.order.splice(at, 0, ...newSeqs);
  else view.order = [...view.order, ...newSeqs].sort((a, b) => a - b);
}

function updateLastMessage(view: RoomView): Topic[] {
  for (let i = view.order.length - 1; i >= 0; i--) {
    const message = view.messages.get(view.order[i] ?? 0);
    if (!message || message.seq < (view.lastMessage?.seq ?? 0)) return [];
    if (message.content.kind === "system") continue;
    if (message === view.lastMessage) return [];
    view.lastMessage = message;
    return ["rooms"];
  }
  return [];
}
