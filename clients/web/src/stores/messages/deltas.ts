// Deltas: live changes of a message's reactions, pin or thread without the message.

import type { Delta, Message, Reaction } from "../../domain/types";

/** How many deltas of a room are kept for messages that are not loaded. */
const MAX_PENDING_DELTAS = 256;

/** A delta, the message's position after it, and the user's id. */
export interface PendingDelta {
  readonly at: number;
  readonly delta: Delta;
  readonly me: string;
}

/** A message after a delta, unless it is newer. */
export function withDelta(message: Message, { at, delta, me }: PendingDelta): Message {
  if (delta.seq !== message.seq || at <= message.changedSeq) return message;
  const now = { ...message, changedSeq: at };
  if (delta.kind === "pin") return { ...now, pin: delta.pin };
  if (delta.kind === "thread") return { ...now, thread: delta.thread };
  return { ...now, reactions: applyReaction(message.reactions, delta, me) };
}

/** An emoji keeps its place while anybody uses it. The first user makes it new: an earlier state does not apply. */
function applyReaction(before: readonly Reaction[], { reaction: now, userId, added }: Extract<Delta, { kind: "reaction" }>, me: string): readonly Reaction[] {
  const index = before.findIndex(({ emoji }) => emoji === now.emoji);
  const isNew = added && now.count === 1;
  const previous = isNew ? undefined : before[index];
  const next = { ...now, mine: userId === me ? added : previous ? previous.mine : false };
  if (previous && now.count) return before.with(index, next);
  const others = before.filter(({ emoji }) => emoji !== now.emoji);
  return now.count ? [...others, next] : others;
}

/** Live events do not say which reactions are the user's own; another state of the message may know. */
export function withOwnReactions(message: Message, other: Message | undefined): Message {
  if (!other || knowsOwnReactions(message)) return message;
  const reactions = message.reactions.map((it) => ({ ...it, mine: it.mine ?? other.reactions.find(({ emoji }) => emoji === it.emoji)?.mine }));
  return { ...message, reactions };
}

export const knowsOwnReactions = ({ reactions }: Message): boolean => reactions.every(({ mine }) => mine !== undefined);

/** Keeps a delta of a message that is not loaded. */
export function queueDelta(pending: PendingDelta[], it: PendingDelta): void {
  if (pending.push(it) > MAX_PENDING_DELTAS) pending.shift();
}
