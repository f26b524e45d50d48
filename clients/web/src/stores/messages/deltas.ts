// What a live change tells of a message without the message: its reactions, its
// pin, its thread.

import type { Delta, Message, Reaction } from "../../domain/types";

/** Deltas that wait for their messages, of one room. */
const MAX_PENDING_DELTAS = 256;

/** A delta, the position that the message has come to with it, and who the user is. */
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

/** An emoji keeps its place as long as anybody has it. The first to put it there makes it new: what was known is of before or after. */
function applyReaction(before: readonly Reaction[], { reaction: now, userId, added }: Extract<Delta, { kind: "reaction" }>, me: string): readonly Reaction[] {
  const index = before.findIndex(({ emoji }) => emoji === now.emoji);
  const isNew = added && now.count === 1;
  const previous = isNew ? undefined : before[index];
  const next = { ...now, mine: userId === me ? added : previous ? previous.mine : false };
  if (previous && now.count) return before.with(index, next);
  const others = before.filter(({ emoji }) => emoji !== now.emoji);
  return now.count ? [...others, next] : others;
}

/** A live event says of no reaction whether it is the user's: another state of the message may. */
export function withOwnReactions(message: Message, other: Message | undefined): Message {
  if (!other || knowsOwnReactions(message)) return message;
  const reactions = message.reactions.map((it) => ({ ...it, mine: it.mine ?? other.reactions.find(({ emoji }) => emoji === it.emoji)?.mine }));
  return { ...message, reactions };
}

export const knowsOwnReactions = ({ reactions }: Message): boolean => reactions.every(({ mine }) => mine !== undefined);

/** Keeps a delta of a message that is not here. */
export function queueDelta(pending: PendingDelta[], it: PendingDelta): void {
  if (pending.push(it) > MAX_PENDING_DELTAS) pending.shift();
}
