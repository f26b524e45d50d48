// The messages of a room: how they are put in, from the stream, from pages and
// from the answers to calls.

import type { Delta, Message, Page } from "../../domain/types";
import type { Topic } from "../model/apply";
import { knowsOwn, wait, withDelta, withOwn } from "./deltas";
import type { Model, RoomView } from "../model/model";
import { firstAfter, known } from "../model/ranges";
import { stored } from "../outbox/outbox-view";

/** Takes in a page of history that covers the positions after `after` up to `upTo`. */
export function applyPage(model: Model, roomId: string, read: Page, cover: { after: number; upTo: number }): Topic[] {
  const view = model.rooms.get(roomId);
  // The room may have gone while the page was under way, or begun anew: what
  // changed between the page and that beginning was told to nobody.
  if (!view || read.headSeq < view.begunAt || cover.after > read.headSeq) return [];
  putAll(view, read.messages);
  view.known = known(view.known, cover);
  return [`timeline:${roomId}`, ...newest(view), ...stored(model, read.messages)];
}

/** Messages as calls answered them, newer than what the stream told. */
export function applyMessages(model: Model, messages: readonly Message[]): Topic[] {
  return messages.flatMap((message) => {
    const view = model.rooms.get(message.roomId);
    return view ? changed(view, message, false) : [];
  });
}

/** The newest page as a room begins with it, oldest message first. */
export function beginWith(model: Model, roomId: string, messages: readonly Message[]): Topic[] {
  const view = model.rooms.get(roomId);
  const first = messages[0];
  if (!view || !first) return [];
  putAll(view, messages);
  view.known = known(view.known, { after: first.seq - 1, upTo: view.room.headSeq });
  return [`timeline:${roomId}`, ...stored(model, messages)];
}

/** One message is new, or is another than before. */
export function changed(view: RoomView, message: Message, posted: boolean): Topic[] {
  const { roomId, seq } = message;
  const before = view.messages.get(seq);
  putAll(view, [message]);
  if (message.threadSeq) return [`message:${roomId}:${seq}`, `thread:${roomId}:${message.threadSeq}`];
  const pins = message.pin !== undefined || before?.pin !== undefined || (!before && !posted);
  return [`timeline:${roomId}`, `message:${roomId}:${seq}`, ...(pins ? [`pins:${roomId}` as const] : []), ...newest(view)];
}

/** A part of a message is another than before, as a live change told it. */
export function changedPart(view: RoomView, at: number, delta: Delta, me: string): Topic[] {
  const before = view.messages.get(delta.seq);
  const pins = delta.kind === "pin" ? [`pins:${view.room.id}` as const] : [];
  const told = { at, delta, me };
  if (before) return [...changed(view, withDelta(before, told), false), ...pins];
  wait(view.deltas, told);
  // It may be shown elsewhere, as it was read.
  return [`message:${view.room.id}:${delta.seq}`, ...pins];
}

/** The newer state of a message wins. */
export function putAll(view: RoomView, messages: readonly Message[]): void {
  const fresh: number[] = [];
  for (const message of messages) {
    const before = view.messages.get(message.seq);
    // A page may have been asked for before deltas came.
    const read = view.deltas.reduce(withDelta, message);
    if (before && before.changedSeq >= read.changedSeq) {
      if (!knowsOwn(before)) view.messages.set(message.seq, withOwn(before, read));
      continue;
    }
    // What is in a thread is known, but no part of the timeline.
    if (!before && !message.threadSeq) fresh.push(message.seq);
    view.messages.set(message.seq, withOwn(read, before));
  }
  const [first] = fresh;
  if (first === undefined) return;
  // Pages are sorted and lie apart from what is known, or at its end: one cut.
  const at = firstAfter(view.order, first);
  const rest = view.order.slice(at);
  if (!rest.length) view.order.push(...fresh);
  else if ((fresh[fresh.length - 1] ?? 0) < (rest[0] ?? 0)) view.order.splice(at, 0, ...fresh);
  else view.order = [...view.order, ...fresh].sort((a, b) => a - b);
}

function newest(view: RoomView): Topic[] {
  for (let i = view.order.length - 1; i >= 0; i--) {
    const message = view.messages.get(view.order[i] ?? 0);
    if (!message || message.seq < (view.last?.seq ?? 0)) return [];
    if (message.content.kind === "system") continue;
    if (message === view.last) return [];
    view.last = message;
    return ["rooms"];
  }
  return [];
}
