// Whether a message notifies a user: the rule that the protos state beside
// RoomPreferences. Pure.

import type { Message, PresenceState, RoomPreferences } from "../../domain/types";

export interface NotificationContext {
  readonly me: string;
  readonly preferences: RoomPreferences;
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

export function shouldNotify(message: Message, context: NotificationContext): boolean {
  const { me, preferences, knownSeq, readSeq, presence, senderBlocked, followsThread, now } = context;
  const isNew = message.seq > Math.max(knownSeq, readSeq);
  const isFromOthers = message.content.kind === "text" && message.senderId !== me;
  const isMentioned = message.mentions.some(
    ({ userId, all, here }) => userId === me || all || (here && presence === "online"),
  );
  const isWanted = preferences.level === "all" || (preferences.level === "mentions" && isMentioned);
  const isSilenced = senderBlocked || presence === "doNotDisturb" || preferences.mutedUntil > now;
  return isNew && isFromOthers && isWanted && !isSilenced && (!message.threadSeq || followsThread || isMentioned);
}
