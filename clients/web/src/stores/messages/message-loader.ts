// Single messages out of their context: those that others answer.

import type { Api } from "../../api/calls";
import type { Message } from "../../domain/types";
import { applyMessages } from "../model/apply";
import { withDelta, withOwn } from "./deltas";
import type { Doomed } from "./pending-deletions";
import type { Model } from "../model/model";
import type { Topics } from "../model/topics";

interface Parts {
  readonly api: Pick<Api, "getMessage">;
  readonly model: Model;
  readonly topics: Topics;
  readonly doomed: Pick<Doomed, "has">;
}

export function createQuotes({ api, model, topics, doomed }: Parts) {
  const asked = new Set<string>();
  /** Whether it is one's own, and there to stay. */
  const mayEdit = ({ roomId, seq, senderId, content }: Message) =>
    senderId === model.me.id && content.kind === "text" && !doomed.has(roomId, seq);
  const known = (roomId: string, seq: number): Message | undefined => {
    topics.track(`message:${roomId}:${seq}`);
    return model.rooms.get(roomId)?.messages.get(seq);
  };
  const ask = async (roomId: string, seq: number): Promise<Message> => {
    const message = await api.getMessage(roomId, seq);
    topics.touch(applyMessages(model, [message]));
    return message;
  };
  return {
    /** If it is here already. */
    known,
    /** A message that was read, or newer as the room's log has told. */
    newest(message: Message): Message {
      const now = known(message.roomId, message.seq);
      const newer = now && now.changedSeq > message.changedSeq ? withOwn(now, message) : message;
      return (model.rooms.get(message.roomId)?.deltas ?? []).reduce(withDelta, newer);
    },
    /** From the server, if it is not here. */
    find: async (roomId: string, seq: number): Promise<Message> => known(roomId, seq) ?? ask(roomId, seq),
    /** Undefined while it is on its way. */
    message(roomId: string, seq: number): Message | undefined {
      const name = `${roomId}:${seq}`;
      const found = known(roomId, seq);
      if (!found && !asked.has(name)) {
        asked.add(name);
        // Where that fails, or it is forgotten later, it is asked for again when it is next shown.
        const answered = () => asked.delete(name);
        ask(roomId, seq).then(answered, answered);
      }
      return found;
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
