// People who have changed since they were asked for: their messages say so.

import type { Api } from "../../api/calls";
import type { Message, User } from "../../domain/types";
import type { Topic } from "../model/apply";
import type { Model } from "../model/model";
import { applyUsers } from "./name-collisions";

/** As many as the server answers at once. */
const MOST = 200;

interface Parts {
  readonly api: Pick<Api, "getUsers">;
  readonly model: Model;
  readonly took: (touched: readonly Topic[]) => void;
}

/** Returns what is to be called with messages that were taken in. */
export function createOutdated({ api, model, took }: Parts): (messages: readonly Message[]) => void {
  /** Up to which version people were asked for. */
  const asked = new Map<string, number>();
  let wanted = new Set<string>();

  async function ask(): Promise<void> {
    const ids = [...wanted];
    wanted = new Set();
    for (let i = 0; i < ids.length; i += MOST) {
      const some = ids.slice(i, i + MOST);
      try {
        const users: User[] = await api.getUsers(some);
        took(applyUsers(model, users));
      } catch {
        // The next message of theirs asks again.
        for (const id of some) asked.delete(id);
      }
    }
  }

  return (messages) => {
    for (const { senderId, senderVersion = 0 } of messages) {
      const known = model.users.get(senderId);
      // Who is not known at all is asked for once they are shown.
      if (!known || senderVersion <= Math.max(known.version ?? 0, asked.get(senderId) ?? 0)) continue;
      asked.set(senderId, senderVersion);
      if (!wanted.size) queueMicrotask(() => void ask());
      wanted.add(senderId);
    }
  };
}
