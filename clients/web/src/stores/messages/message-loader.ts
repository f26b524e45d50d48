// Loads single messages, such as those that replies quote.

import type { Api } from "../../api/calls";
import type { Message } from "../../domain/types";
import { applyMessages } from "../model/apply";
import { withDelta, withOwnReactions } from "./deltas";
import type { PendingDeletions } from "./pending-deletions";
import type { Model } from "../model/model";
import type { Topics } from "../model/topics";

interface Parts {
  readonly api: Pick<Api, "getMessage">;
  readonly model: Model;
  readonly topics: Topics;
  readonly deletions: Pick<PendingDeletions, "has">;
}

export function createMessageLoader({ api, model, topics, deletions }: Parts) {
  const loading = new Set<string>();
  /** Whether it is one's own, and there to stay. */
  const mayEdit = ({ roomId, seq, senderId, content }: Message) =>
    senderId === model.me.id && content.kind === "text" && !deletions.has(roomId, seq);
  const loadedMessage = (roomId: string, seq: number): Message | undefined => {
    topics.track(`message:${roomId}:${seq}`);
    return model.rooms.get(roomId)?.messages.get(seq);
  };
  const fetchMessage = async (roomId: string, seq: number): Promise<Message> => {
    const message = await api.getMessage(roomId, seq);
    topics.invalidate(applyMessages(model, [message]));
    return message;
  };
  return {
    /** The message, if it is loaded. */
    loadedMessage,
    /** The newest known state of a message. */
    newest(message: Message): Message {
      const now = loadedMessage(message.roomId, message.seq);
      const newer = now && now.changedSeq > message.changedSeq ? withOwnReactions(now, message) : message;
      return (model.rooms.get(message.roomId)?.deltas ?? []).reduce(withDelta, newer);
    },
    /** Loads the message if it is not here. */
    findMessage: async (roomId: string, seq: number): Promise<Message> => loadedMessage(roomId, seq) ?? fetchMessage(roomId, seq),
    /** Undefined while it is loading. */
    message(roomId: string, seq: number): Message | undefined {
      const name = `${roomId}:${seq}`;
      const cached = loadedMessage(roomId, seq);
      if (!cached && !loading.has(name)) {
        loading.add(name);
        // If that fails, or it is evicted later, it is loaded again when it is next shown.
        const onSettled = () => loading.delete(name);
        fetchMessage(roomId, seq).then(onSettled, onSettled);
      }
      return cached;
    },
    mayEdit,
    /** The newest message of one's own that can be edited. */
    lastOwn(roomId: string): Message | undefined {
      const view = model.rooms.get(roomId);
      for (let i = (view?.order.length ?? 0) - 1; view && i >= 0; i--) {
        const message = view.messages.get(view.order[i] ?? 0);
        if (message && mayEdit(message)) return message;
      }
      return undefined;
    },
  };
}
