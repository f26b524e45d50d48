// The outbox as one tab sees it: its own messages, those of other tabs, and those that
// were stored before a reload.

import type { Unsent } from "../domain/types";
import type { StoredEntry, OutboxStore } from "./outbox-store";
import type { Update } from "./update";

export class TabOutbox {
  readonly #store: OutboxStore;
  /** Messages that are shown as pending or refused. */
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

  /** Adds a message that was written in this tab. Returns whether it would outlive the page. */
  add(message: Unsent): boolean {
    this.#own.set(message.clientMessageId, message);
    return this.#store.put(message);
  }

  /** All that has to be sent, oldest first. */
  toSend(): Unsent[] {
    const stored = this.#store.all();
    const storedIds = new Set(stored.map(({ message }) => message.clientMessageId));
    // Messages that could not be stored.
    const own = [...this.#own.values()].filter(({ clientMessageId }) => !storedIds.has(clientMessageId));
    return [...stored.filter(({ refused }) => !refused).map(({ message }) => message), ...own];
  }

  /** All pending and refused messages. Those of this tab that are stored too are listed twice. */
  all(): StoredEntry[] {
    return [...[...this.#own.values()].map((message) => ({ message, refused: "" })), ...this.#store.all()];
  }

  /** Follows what became of messages, in any tab. */
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

  /** Changes of the outbox since this tab last followed it. */
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

/** The server recognizes a repeated message for 30 days. */
const RESEND_EXPIRY_MS = 25 * 86_400_000;

/** Messages so old that sending them could post them twice. Their writer is asked. */
export function expiredMessages(waiting: readonly Unsent[], now: number): Unsent[] {
  return waiting.filter(({ at }) => at < now - RESEND_EXPIRY_MS);
}

/**
 * Returns the messages that name positions of another store, or any positions if `all`, with the positions removed.
 * They are refused, and their writer decides.
 */
export function withoutLostPositions(entries: readonly StoredEntry[], epoch: string, all: boolean): StoredEntry[] {
  return entries
    .filter(({ message: it }) => (it.replyTo || it.threadSeq) && (all || (epoch && it.epoch && it.epoch !== epoch)))
    .map(({ message, refused }) => ({ message: { ...message, replyTo: 0, threadSeq: 0 }, refused: refused || "REPLY_TARGET_LOST" }));
}
