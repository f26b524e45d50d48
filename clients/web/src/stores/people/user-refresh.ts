// Reloads users who have changed since they were loaded, as the versions in their messages tell.

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

/** Returns a function to call with messages that were applied. */
export function createUserRefresh({ api, model, invalidate }: Parts): (messages: readonly Message[]) => void {
  /** The versions up to which users were requested. */
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
        // The next message of these users requests them again.
        for (const id of batch) requestedVersions.delete(id);
      }
    }
  }

  return (messages) => {
    for (const { senderId, senderVersion = 0 } of messages) {
      const current = model.users.get(senderId);
      // An unknown user is loaded once they are shown.
      if (!current || senderVersion <= Math.max(current.version ?? 0, requestedVersions.get(senderId) ?? 0)) continue;
      requestedVersions.set(senderId, senderVersion);
      if (!queue.size) queueMicrotask(() => void loadQueue());
      queue.add(senderId);
    }
  };
}
