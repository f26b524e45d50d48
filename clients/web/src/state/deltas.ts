// What a live change tells of a message without the message: its reactions, its
// pin, its thread.

import type { Delta, Message, Reaction } from "../nouns";

/** Deltas that wait for their messages, of one room. */
const MAX_WAITING = 256;

/** A delta, the position that the message has come to with it, and who the user is. */
export interface WaitingDelta {
  readonly at: number;
  readonly delta: Delta;
  readonly me: string;
}

/** A message after a delta, unless it is newer. */
export function withDelta(message: Message, { at, delta, me }: WaitingDelta): Message {
  if (delta.seq !== message.seq || at <= message.changedSeq) return message;
  const now = { ...message, changedSeq: at };
  if (delta.kind === "pin") return { ...now, pin: delta.pin };
  if (delta.kind === "thread") return { ...now, thread: delta.thread };
  return { ...now, reactions: react(message.reactions, delta.reaction, delta.userId === me ? delta.added : undefined) };
}

/** An emoji keeps its place as long as anybody has it. */
function react(before: readonly Reaction[], now: Reaction, mine: boolean | undefined): readonly Reaction[] {
  const place = before.findIndex(({ emoji }) => emoji === now.emoji);
  if (!now.count) return before.filter(({ emoji }) => emoji !== now.emoji);
  const next = { ...now, mine: mine ?? before[place]?.mine ?? false };
  return place < 0 ? [...before, next] : before.with(place, next);
}

/** A message as it came, with what is known beyond it: live events say of no reaction whether it is the user's, and a page may have been asked for before deltas came. */
export function completed(message: Message, before: Message | undefined, waiting: readonly WaitingDelta[]): Message {
  const reactions = message.reactions.map((it) => ({ ...it, mine: it.mine ?? before?.reactions.find(({ emoji }) => emoji === it.emoji)?.mine ?? false }));
  return waiting.reduce(withDelta, { ...message, reactions });
}

/** Keeps a delta of a message that is not here. */
export function wait(waiting: WaitingDelta[], it: WaitingDelta): void {
  if (waiting.push(it) > MAX_WAITING) waiting.shift();
}
