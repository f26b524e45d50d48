// Which new messages notify the user.

import type { Message } from "../../domain/types";
import type { Update } from "../../sync/update";
import type { Model } from "../model/model";
import { shouldNotify } from "./should-notify";

interface Parts {
  readonly model: Model;
  /** Whether the user follows the thread of a new reply. */
  readonly followsThread: (answer: Message) => Promise<boolean>;
  readonly notify: (message: Message) => void;
}

interface Candidate {
  readonly message: Message;
  readonly knownSeq: number;
  readonly followsThread: boolean;
}

export function createNotificationFilter({ model, followsThread, notify }: Parts): (updates: readonly Update[]) => void {
  /** Messages that came while catching up. Only a live stream knows what was read elsewhere meanwhile. */
  let heldBack = new Map<string, Candidate>();

  const passes = ({ message, knownSeq, followsThread }: Candidate): boolean => {
    const { roomId, threadSeq, senderId } = message;
    const view = model.rooms.get(roomId);
    if (!view) return false;
    return shouldNotify(message, {
      me: model.me.id,
      preferences: view.preferences,
      knownSeq,
      readSeq: threadSeq ? (view.threads.read.get(threadSeq) ?? 0) : view.readSeq,
      presence: model.choice,
      senderBlocked: model.blockRelations.has(senderId) || model.blocked?.has(senderId) === true,
      followsThread,
      now: Date.now(),
    });
  };

  const notifyOrHold = (candidate: Candidate): void => {
    if (!passes(candidate)) return;
    if (model.connection.kind === "live") notify(candidate.message);
    // The newest message of each room is enough: it replaces the one before.
    else heldBack.set(candidate.message.roomId, candidate);
  };

  return (updates) => {
    for (const update of updates) {
      if (update.kind !== "change") continue;
      const { message, afterSeq } = update.change;
      const { knownSeq = afterSeq } = update;
      if (!message || message.seq <= knownSeq || message.senderId === model.me.id) continue;
      if (message.threadSeq) void followsThread(message).then((followsThread) => notifyOrHold({ message, knownSeq, followsThread }));
      else notifyOrHold({ message, knownSeq, followsThread: false });
    }
    if (model.connection.kind !== "live" || !heldBack.size) return;
    for (const candidate of heldBack.values()) if (passes(candidate)) notify(candidate.message);
    heldBack = new Map();
  };
}
