// The messages of a room: how they are put in, from the stream, from pages and
// from the answers to calls.

import type { Delta, Message, Page } from "../../domain/types";
import type { Topic } from "../model/apply";
import { knowsOwnReactions, queueDelta, withDelta, withOwnReactions } from "./deltas";
import type { Model, RoomView } from "../model/model";
import { firstAfter, addRange } from "../model/ranges";
import { removeStored } from "../outbox/outbox-view";

/** Takes in a page of history that covers the positions after `after` up to `upTo`. */
export function applyPage(model: Model, roomId: string, page: Page, cover: { after: number; upTo: number }): Topic[] {
  const view = model.rooms.get(roomId);
  // The room may have gone while the page was under way, or begun anew: what
  // changed between the page and that beginning was told to nobody.
  if (!view || page.headSeq < view.startSeq || cover.after > page.headSeq) return [];
  mergeMessages(view, page.messages);
  view.ranges = addRange(view.ranges, cover);
  return [`timeline:${roomId}`, ...updateLastMessage(view), ...removeStored(model, page.messages)];
}

/** Messages as calls answered them, newer than what the stream told. */
export function applyMessages(model: Model, messages: readonly Message[]): Topic[] {
  return messages.flatMap((message) => {
    const view = model.rooms.get(message.roomId);
    return view ? applyMessage(view, message, false) : [];
  });
}

/** The newest page as a room begins with it, oldest message first. */
export function applyFirstPage(model: Model, roomId: string, messages: readonly Message[]): Topic[] {
  const view = model.rooms.get(roomId);
  const first = messages[0];
  if (!view || !first) return [];
  mergeMessages(view, messages);
  view.ranges = addRange(view.ranges, { after: first.seq - 1, upTo: view.room.headSeq });
  return [`timeline:${roomId}`, ...removeStored(model, messages)];
}

/** One message is new, or is another than before. */
export function applyMessage(view: RoomView, message: Message, posted: boolean): Topic[] {
  const { roomId, seq } = message;
  const before = view.messages.get(seq);
  mergeMessages(view, [message]);
  if (message.threadSeq) return [`message:${roomId}:${seq}`, `thread:${roomId}:${message.threadSeq}`];
  const pins = message.pin !== undefined || before?.pin !== undefined || (!before && !posted);
  return [`timeline:${roomId}`, `message:${roomId}:${seq}`, ...(pins ? [`pins:${roomId}` as const] : []), ...updateLastMessage(view)];
}

/** A part of a message is another than before, as a live change told it. */
export function applyDelta(view: RoomView, at: number, delta: Delta, me: string): Topic[] {
  const before = view.messages.get(delta.seq);
  const pins = delta.kind === "pin" ? [`pins:${view.room.id}` as const] : [];
  const pending = { at, delta, me };
  if (before) return [...applyMessage(view, withDelta(before, pending), false), ...pins];
  queueDelta(view.deltas, pending);
  // It may be shown elsewhere, as it was read.
  return [`message:${view.room.id}:${delta.seq}`, ...pins];
}

/** The newer state of a message wins. */
export function mergeMessages(view: RoomView, messages: readonly Message[]): void {
  const newSeqs: number[] = [];
  for (const message of messages) {
    const before = view.messages.get(message.seq);
    // A page may have been asked for before deltas came.
    const incoming = view.deltas.reduce(withDelta, message);
    if (before && before.changedSeq >= incoming.changedSeq) {
      if (!knowsOwnReactions(before)) view.messages.set(message.seq, withOwnReactions(before, incoming));
      continue;
    }
    // What is in a thread is known, but no part of the timeline.
    if (!before && !message.threadSeq) newSeqs.push(message.seq);
    view.messages.set(message.seq, withOwnReactions(incoming, before));
  }
  const [first] = newSeqs;
  if (first === undefined) return;
  // Pages are sorted and lie apart from what is known, or at its end: one cut.
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
