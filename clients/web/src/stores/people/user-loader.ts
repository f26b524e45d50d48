// Loads users by id: each once, many in one call.

import type { Api } from "../../api/calls";
import { Failure } from "../../domain/failure";
import type { User } from "../../domain/types";

/** As many as the server answers at once. */
const MAX_USERS_PER_CALL = 200;
/** After a failure ids are asked for again, but not at once. */
const RETRY_MS = 3_000;

export class UserLoader {
  readonly #api: Pick<Api, "getUsers">;
  readonly #onUsers: (users: User[]) => void;
  readonly #requested = new Set<string>();
  #queue = new Set<string>();
  #stopped = false;

  constructor(api: Pick<Api, "getUsers">, onUsers: (users: User[]) => void) {
    this.#api = api;
    this.#onUsers = onUsers;
  }

  request(id: string): void {
    if (!id || this.#requested.has(id)) return;
    this.#requested.add(id);
    if (!this.#queue.size) queueMicrotask(() => void this.#loadQueue());
    this.#queue.add(id);
  }

  /** Users that are requested from here on are loaded again. */
  reset(): void {
    this.#requested.clear();
  }

  stop(): void {
    this.#stopped = true;
  }

  async #loadQueue(): Promise<void> {
    const ids = [...this.#queue];
    this.#queue = new Set();
    for (let i = 0; i < ids.length; i += MAX_USERS_PER_CALL) {
      const batch = ids.slice(i, i + MAX_USERS_PER_CALL);
      try {
        this.#onUsers(await this.#api.getUsers(batch));
      } catch (error) {
        if (error instanceof Failure && error.isFinal) continue;
        setTimeout(() => {
          if (this.#stopped) return;
          for (const id of batch) this.#requested.delete(id);
          for (const id of batch) this.request(id);
        }, RETRY_MS);
      }
    }
  }
}
