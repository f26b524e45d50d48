// What of the outbox this tab knows of: its own messages, those of other tabs,
// and what was kept before a reload.

import type { Unsent } from "../domain/types";
import type { StoredEntry, OutboxStore } from "./outbox-store";
import type { Update } from "./update";

export class TabOutbox {
  readonly #store: OutboxStore;
  /** Shown as waiting or refused. */
  readonly #shown = new Set<string>();
  /** Written in this tab and not yet sent. */
  readonly #own = new Map<string, Unsent>();

  constructor(store: OutboxStore) {
    this.#store = store;
  }

  /** What this tab has written and nobody has sent yet. */
  get own(): Iterable<Unsent> {
    return this.#own.values();
  }

  /** Puts in what is written here. Whether it would outlive this page. */
  add(message: Unsent): boolean {
    this.#own.set(message.clientMessageId, message);
    return this.#store.put(message);
  }

  /** All that has to be sent, oldest first. */
  toSend(): Unsent[] {
    const stored = this.#store.all();
    const storedIds = new Set(stored.map(({ message }) => message.clientMessageId));
    // What found no room in the storage.
    const own = [...this.#own.values()].filter(({ clientMessageId }) => !storedIds.has(clientMessageId));
    return [...stored.filter(({ refused }) => !refused).map(({ message }) => message), ...own];
  }

  /** All that waits or was refused. What is kept and written here is there twice. */
  all(): StoredEntry[] {
    return [...[...this.#own.values()].map((message) => ({ message, refused: "" })), ...this.#store.all()];
  }

  /** Takes note of what became of messages, in whichever tab. */
  onUpdates(updates: readonly Update[]): void {
    for (const update of updates) {
      if (update.kind === "queued") this.#shown.add(update.message.clientMessageId);
      if (update.kind === "refused") {
        this.#shown.add(update.message.clientMessageId);
        this.#own.delete(update.message.clientMessageId);
      }
      if (update.kind !== "sent" && update.kind !== "discarded") continue;
      this.#shown.delete(update.id);
      this.#own.delete(update.id);
    }
  }

  /** What has become of the outbox while nothing was told to this tab. */
  changesSinceShown(): Update[] {
    const stored = this.#store.all();
    const ids = new Set(stored.map(({ message }) => message.clientMessageId));
    const removedIds = [...this.#shown].filter((id) => !ids.has(id) && !this.#own.has(id));
    return [...stored.map(toUpdate), ...removedIds.map((id) => ({ kind: "discarded", id }) as const)];
  }
}

function toUpdate({ message, refused }: StoredEntry): Update {
  return refused ? { kind: "refused", message, reason: refused } : { kind: "queued", message };
}

/** The server knows for 30 days what was sent. */
const RESEND_EXPIRY_MS = 25 * 86_400_000;

/** What may have been sent so long ago that it could be sent twice: its writer is asked. */
export function expiredMessages(waiting: readonly Unsent[], now: number): Unsent[] {
  return waiting.filter(({ at }) => at < now - RESEND_EXPIRY_MS);
}

/**
 * What names positions of another store than this, or whatever names any, without them. It is its writer who decides
 * what becomes of it.
 */
export function withoutLostPositions(entries: readonly StoredEntry[], epoch: string, all: boolean): StoredEntry[] {
  return entries
    .filter(({ message: it }) => (it.replyTo || it.threadSeq) && (all || (epoch && it.epoch && it.epoch !== epoch)))
    .map(({ message, refused }) => ({ message: { ...message, replyTo: 0, threadSeq: 0 }, refused: refused || "REPLY_TARGET_LOST" }));
}
