// The outbox as views show it.

import type { Message } from "../../domain/types";
import type { Topic } from "../model/apply";
import { tail, type Model, type OutboxEntry } from "../model/model";

export function applyEntry(model: Model, entry: OutboxEntry): Topic[] {
  const at = model.outbox.findIndex(({ message }) => message.clientMessageId === entry.message.clientMessageId);
  model.outbox = at < 0 ? [...model.outbox, entry] : model.outbox.with(at, entry);
  return ["outbox"];
}

/** A sent message stays visible until the room's log reaches its position. */
export function applySent(model: Model, id: string, message: Message): Topic[] {
  const view = model.rooms.get(message.roomId);
  if (!view || tail(view).upTo >= message.seq) return removeEntry(model, id);
  model.outbox = model.outbox.map((entry) =>
    entry.message.clientMessageId === id ? { ...entry, refused: "", sentSeq: message.seq } : entry,
  );
  return ["outbox"];
}

/** The room's log has reached this position. */
export function removeUpTo(model: Model, roomId: string, seq: number): Topic[] {
  return remove(model, ({ message, sentSeq }) => message.roomId === roomId && sentSeq > 0 && sentSeq <= seq);
}

/** A message in the log is no longer pending, even if its acknowledgement was lost. */
export function removeStored(model: Model, messages: readonly Message[]): Topic[] {
  return messages.flatMap((it) => (it.senderId === model.me.id ? removeEntry(model, it.clientMessageId) : []));
}

export function removeEntry(model: Model, id: string): Topic[] {
  return remove(model, ({ message }) => message.clientMessageId === id);
}

function remove(model: Model, which: (entry: OutboxEntry) => boolean): Topic[] {
  const rest = model.outbox.filter((entry) => !which(entry));
  if (rest.length === model.outbox.length) return [];
  model.outbox = rest;
  return ["outbox"];
}
