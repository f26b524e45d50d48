// Unsent texts, for each room and thread. They survive a reload, and are the same in
// all tabs.

import { createSignal, type Signal } from "solid-js";

import { erase, keys, read, write } from "../../sync/storage";

export class Drafts {
  readonly #prefix: string;
  /** One signal for each draft, so that a keystroke only updates components that show it. */
  readonly #texts = new Map<string, Signal<string>>();

  constructor(userId: string) {
    this.#prefix = `causerie.draft.${userId}.`;
    addEventListener("storage", this.#onStorage);
  }

  /** Listens for changes. */
  get(key: string): string {
    return this.#text(key)[0]();
  }

  /** Whether there is one; listens for changes. */
  has(key: string): boolean {
    return this.get(key).trim() !== "";
  }

  set(key: string, text: string): void {
    this.#text(key)[1](text);
    if (text) write(this.#prefix + key, text);
    else erase(this.#prefix + key);
  }

  /** After what is there already. */
  append(key: string, text: string): void {
    this.set(key, [this.get(key), text].filter(Boolean).join("\n"));
  }

  /** Turns drafts of threads into drafts of their rooms, because threads are named by positions that are void. */
  moveThreadDrafts(): void {
    for (const name of keys(this.#prefix)) {
      const key = name.slice(this.#prefix.length);
      const [roomId = ""] = key.split("/");
      if (roomId === key) continue;
      this.append(roomId, this.get(key));
      this.set(key, "");
    }
  }

  clear(): void {
    for (const name of keys(this.#prefix)) this.set(name.slice(this.#prefix.length), "");
  }

  stop(): void {
    removeEventListener("storage", this.#onStorage);
  }

  /** Another tab has written or sent. */
  readonly #onStorage = ({ key, newValue }: StorageEvent): void => {
    if (key?.startsWith(this.#prefix)) this.#texts.get(key.slice(this.#prefix.length))?.[1](newValue ?? "");
  };

  #text(key: string): Signal<string> {
    let text = this.#texts.get(key);
    if (!text) this.#texts.set(key, (text = createSignal(read(this.#prefix + key) ?? "")));
    return text;
  }
}
