// Where the outbox survives a reload: one key for each message, so that tabs
// never overwrite each other's.

import type { Unsent } from "../domain/types";
import { erase, keys, read } from "./storage";

export interface StoredEntry {
  readonly message: Unsent;
  /** Why it was refused for good; empty while it waits. */
  readonly refused: string;
}

export class OutboxStore {
  readonly #prefix: string;

  constructor(userId: string) {
    this.#prefix = `causerie.outbox.${userId}.`;
  }

  /** Returns whether it was stored: the storage may be full, or forbidden. */
  put(message: Unsent, refused = ""): boolean {
    try {
      localStorage.setItem(this.#prefix + message.clientMessageId, JSON.stringify({ message, refused }));
      return true;
    } catch {
      return false;
    }
  }

  remove(id: string): void {
    erase(this.#prefix + id);
  }

  /** In the order in which they were written. */
  all(): StoredEntry[] {
    const stored: StoredEntry[] = [];
    for (const key of keys(this.#prefix)) {
      try {
        stored.push(JSON.parse(read(key) ?? "") as StoredEntry);
      } catch {
        erase(key);
      }
    }
    return stored.sort((a, b) => a.message.at - b.message.at);
  }
}
