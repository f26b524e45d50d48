// What was begun and not sent, for each room; survives a reload.

import { createSignal } from "solid-js";

const [changed, touch] = createSignal(undefined, { equals: false });

export class Drafts {
  readonly #prefix: string;

  constructor(userId: string) {
    this.#prefix = `causerie.draft.${userId}.`;
  }

  get(roomId: string): string {
    return localStorage.getItem(this.#prefix + roomId) ?? "";
  }

  /** Whether there is one; listens for changes. */
  has(roomId: string): boolean {
    changed();
    return this.get(roomId).trim() !== "";
  }

  set(roomId: string, text: string): void {
    try {
      if (text) localStorage.setItem(this.#prefix + roomId, text);
      else localStorage.removeItem(this.#prefix + roomId);
    } catch {
      // Full or forbidden: the draft lives as long as its text field.
    }
    touch(undefined);
  }
}
