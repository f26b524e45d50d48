// Which of the messages that come are told of while nobody looks; in one tab only.

import type { Message } from "../nouns";
import type { Live } from "../sync/live";
import type { Update } from "../sync/update";
import type { Model } from "./model";
import { followsThread, notifies } from "./notify";

interface Parts {
  readonly model: Model;
  readonly live: Pick<Live, "leads">;
  readonly tell: (message: Message) => void;
}

export function createArrivals({ model, live, tell }: Parts): (updates: readonly Update[]) => void {
  /** What came before the stream is live: only then is it known what was read elsewhere meanwhile. */
  let missed = new Map<string, Message>();

  const mayTell = (message: Message): boolean => {
    const view = model.rooms.get(message.roomId);
    if (!view) return false;
    const me = model.me.id;
    return notifies(message, {
      me,
      settings: view.settings,
      readSeq: message.threadSeq ? 0 : view.readSeq,
      presence: model.choice,
      senderBlocked: model.blocked?.has(message.senderId) === true,
      followsThread: followsThread(view, message.threadSeq, me),
      now: Date.now(),
    });
  };

  return (updates) => {
    if (!live.leads) return;
    const isLive = model.connection.kind === "live";
    for (const update of updates) {
      if (update.kind !== "change") continue;
      const { message, roomId, seq } = update.change;
      if (message?.seq !== seq || !mayTell(message)) continue;
      if (isLive) tell(message);
      // The newest of each room will do: it takes the place of the one before.
      else missed.set(roomId, message);
    }
    if (!isLive || !missed.size) return;
    for (const message of missed.values()) if (mayTell(message)) tell(message);
    missed = new Map();
  };
}
