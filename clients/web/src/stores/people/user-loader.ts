// Names for ids: asked for once, many at a time.

import type { Api } from "../../api/calls";
import { Failure } from "../../domain/failure";
import type { User } from "../../domain/types";

/** As many as the server answers at once. */
const MOST = 200;
/** After a failure ids are asked for again, but not at once. */
const AGAIN_MS = 3_000;

export class People {
  readonly #api: Pick<Api, "getUsers">;
  readonly #found: (users: User[]) => void;
  readonly #asked = new Set<string>();
  #wanted = new Set<string>();
  #stopped = false;

  constructor(api: Pick<Api, "getUsers">, found: (users: User[]) => void) {
    this.#api = api;
    this.#found = found;
  }

  want(id: string): void {
    if (!id || this.#asked.has(id)) return;
    this.#asked.add(id);
    if (!this.#wanted.size) queueMicrotask(() => void this.#ask());
    this.#wanted.add(id);
  }

  /** Whoever is wanted is asked for again. */
  forget(): void {
    this.#asked.clear();
  }

  stop(): void {
    this.#stopped = true;
  }

  async #ask(): Promise<void> {
    const ids = [...this.#wanted];
    this.#wanted = new Set();
    for (let i = 0; i < ids.length; i += MOST) {
      const some = ids.slice(i, i + MOST);
      try {
        this.#found(await this.#api.getUsers(some));
      } catch (error) {
        if (error instanceof Failure && error.isFinal) continue;
        setTimeout(() => {
          if (this.#stopped) return;
          for (const id of some) this.#asked.delete(id);
          for (const id of some) this.want(id);
        }, AGAIN_MS);
      }
    }
  }
}
