// The outbox as it is shown.

import type { Message } from "../../domain/types";
import type { Topic } from "../model/apply";
import { tail, type Model, type OutboxEntry } from "../model/model";

export function applyEntry(model: Model, entry: OutboxEntry): Topic[] {
  const at = model.outbox.findIndex(({ message }) => message.clientMessageId === entry.message.clientMessageId);
  model.outbox = at < 0 ? [...model.outbox, entry] : model.outbox.with(at, entry);
  return ["outbox"];
}

/** It stays in sight until the room's log has come to its position. */
export function applySent(model: Model, id: string, message: Message): Topic[] {
  const view = model.rooms.get(message.roomId);
  if (!view || tail(view).upTo >= message.seq) return removeEntry(model, id);
  model.outbox = model.outbox.map((entry) =>
    entry.message.clientMessageId === id ? { ...entry, refused: "", sentSeq: message.seq } : entry,
  );
  return ["outbox"];
}

/** The room's log has come to this position. */
export function removeUpTo(model: Model, roomId: string, seq: number): Topic[] {
  return remove(model, ({ message, sentSeq }) => message.roomId === roomId && sentSeq > 0 && sentSeq <= seq);
}

/** What is in the log waits no more, whether its sender has heard of that or not. */
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
