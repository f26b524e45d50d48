// Which of the messages that come are told of while one looks elsewhere.

import type { Message } from "../../domain/types";
import type { Update } from "../../sync/update";
import type { Model } from "../model/model";
import { notifies } from "./should-notify";

interface Parts {
  readonly model: Model;
  /** Whether the user follows the thread of an answer that came. */
  readonly follows: (answer: Message) => Promise<boolean>;
  readonly tell: (message: Message) => void;
}

interface Arrival {
  readonly message: Message;
  readonly knownSeq: number;
  readonly followsThread: boolean;
}

export function createArrivals({ model, follows, tell }: Parts): (updates: readonly Update[]) => void {
  /** What came before the stream is live: only then is it known what was read elsewhere meanwhile. */
  let missed = new Map<string, Arrival>();

  const mayTell = ({ message, knownSeq, followsThread }: Arrival): boolean => {
    const { roomId, threadSeq, senderId } = message;
    const view = model.rooms.get(roomId);
    if (!view) return false;
    return notifies(message, {
      me: model.me.id,
      settings: view.settings,
      knownSeq,
      readSeq: threadSeq ? (view.threads.read.get(threadSeq) ?? 0) : view.readSeq,
      presence: model.choice,
      senderBlocked: model.apart.has(senderId) || model.blocked?.has(senderId) === true,
      followsThread,
      now: Date.now(),
    });
  };

  const take = (arrival: Arrival): void => {
    if (!mayTell(arrival)) return;
    if (model.connection.kind === "live") tell(arrival.message);
    // The newest of each room will do: it takes the place of the one before.
    else missed.set(arrival.message.roomId, arrival);
  };

  return (updates) => {
    for (const update of updates) {
      if (update.kind !== "change") continue;
      const { message, afterSeq } = update.change;
      const { knownSeq = afterSeq } = update;
      if (!message || message.seq <= knownSeq || message.senderId === model.me.id) continue;
      if (message.threadSeq) void follows(message).then((followsThread) => take({ message, knownSeq, followsThread }));
      else take({ message, knownSeq, followsThread: false });
    }
    if (model.connection.kind !== "live" || !missed.size) return;
    for (const arrival of missed.values()) if (mayTell(arrival)) tell(arrival.message);
    missed = new Map();
  };
}
