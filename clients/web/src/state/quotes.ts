// Single messages out of their context: those that others answer.

import type { Api } from "../api/calls";
import type { Message } from "../nouns";
import { applyMessages } from "./apply";
import type { Doomed } from "./doomed";
import type { Model } from "./model";
import type { Topics } from "./topics";

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
  return {
    /** Undefined while it is on its way. */
    message(roomId: string, seq: number): Message | undefined {
      const name = `${roomId}:${seq}`;
      topics.track(`message:${name}`);
      const found = model.rooms.get(roomId)?.messages.get(seq);
      if (!found && !asked.has(name)) {
        asked.add(name);
        // Where that fails, or it is forgotten later, it is asked for again when it is next shown.
        api.getMessage(roomId, seq).then(
          (message) => (asked.delete(name), topics.touch(applyMessages(model, [message]))),
          () => asked.delete(name),
        );
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
