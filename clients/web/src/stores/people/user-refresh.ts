// People who have changed since they were asked for: their messages say so.

import type { Api } from "../../api/calls";
import type { Message, User } from "../../domain/types";
import type { Topic } from "../model/apply";
import type { Model } from "../model/model";
import { applyUsers } from "./name-collisions";

/** As many as the server answers at once. */
const MAX_USERS_PER_CALL = 200;

interface Parts {
  readonly api: Pick<Api, "getUsers">;
  readonly model: Model;
  readonly invalidate: (topics: readonly Topic[]) => void;
}

/** Returns what is to be called with messages that were taken in. */
export function createUserRefresh({ api, model, invalidate }: Parts): (messages: readonly Message[]) => void {
  /** Up to which version people were asked for. */
  const requestedVersions = new Map<string, number>();
  let queue = new Set<string>();

  async function loadQueue(): Promise<void> {
    const ids = [...queue];
    queue = new Set();
    for (let i = 0; i < ids.length; i += MAX_USERS_PER_CALL) {
      const batch = ids.slice(i, i + MAX_USERS_PER_CALL);
      try {
        const users: User[] = await api.getUsers(batch);
        invalidate(applyUsers(model, users));
      } catch {
        // The next message of theirs asks again.
        for (const id of batch) requestedVersions.delete(id);
      }
    }
  }

  return (messages) => {
    for (const { senderId, senderVersion = 0 } of messages) {
      const current = model.users.get(senderId);
      // Who is not known at all is asked for once they are shown.
      if (!current || senderVersion <= Math.max(current.version ?? 0, requestedVersions.get(senderId) ?? 0)) continue;
      requestedVersions.set(senderId, senderVersion);
      if (!queue.size) queueMicrotask(() => void loadQueue());
      queue.add(senderId);
    }
  };
}
