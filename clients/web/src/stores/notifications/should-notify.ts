// Whether a message notifies a user: the rule that the protos state beside
// RoomPreferences. Pure.

import type { Message, PresenceState, RoomPreferences } from "../../domain/types";

export interface Situation {
  readonly me: string;
  readonly settings: RoomPreferences;
  /** Up to where the client knew the room before the message came. */
  readonly knownSeq: number;
  /** Up to where the user has read the room, or the thread. */
  readonly readSeq: number;
  /** The user's own. */
  readonly presence: PresenceState;
  /** There is a block between the user and the sender, by either of them. */
  readonly senderBlocked: boolean;
  readonly followsThread: boolean;
  readonly now: number;
}

export function notifies(message: Message, situation: Situation): boolean {
  const { me, settings, knownSeq, readSeq, presence, senderBlocked, followsThread, now } = situation;
  const fresh = message.seq > Math.max(knownSeq, readSeq);
  const text = message.content.kind === "text" && message.senderId !== me;
  const called = message.mentions.some(
    ({ userId, all, here }) => userId === me || all || (here && presence === "online"),
  );
  const wanted = settings.level === "all" || (settings.level === "mentions" && called);
  const silent = senderBlocked || presence === "busy" || settings.mutedUntil > now;
  return fresh && text && wanted && !silent && (!message.threadSeq || followsThread || called);
}
