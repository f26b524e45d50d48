// The outbox of a tab together with what sends it while the tab leads. What becomes of a message is broadcast to all
// tabs.

import type { Api } from "../api/calls";
import type { Unsent } from "../domain/types";
import { OutboxSender } from "./outbox-sender";
import { OutboxStore } from "./outbox-store";
import { TabOutbox, expiredMessages, withoutLostPositions } from "./tab-outbox";
import type { Update } from "./update";

export class OutboxSync {
  readonly #broadcast: (updates: Update[]) => void;
  readonly #store: OutboxStore;
  readonly #outbox: TabOutbox;
  /** Only while this tab leads. */
  #sender: OutboxSender | undefined;

  constructor(userId: string, broadcast: (updates: Update[]) => void) {
    this.#broadcast = broadcast;
    this.#store = new OutboxStore(userId);
    this.#outbox = new TabOutbox(this.#store);
  }

  /** What this tab has written and nobody has sent yet. */
  get own(): Iterable<Unsent> {
    return this.#outbox.own;
  }

  /** Changes of the outbox since this tab last followed it. */
  changesSinceShown(): Update[] {
    return this.#outbox.changesSinceShown();
  }

  onUpdates(updates: readonly Update[]): void {
    this.#outbox.onUpdates(updates);
  }

  /** This tab leads now: it sends what waits. */
  start(api: Pick<Api, "sendMessage">, isLive: () => boolean): void {
    this.#sender = new OutboxSender(this.#outbox.toSend(), {
      api,
      isLive,
      onSent: ({ clientMessageId: id }, message) => {
        this.#store.remove(id);
        this.#broadcast([{ kind: "sent", id, message }]);
      },
      onRefused: (message, { textKey, message: text }) => {
        // Without a reason it would wait.
        this.#refuse(message, textKey || text || "REFUSED");
      },
    });
  }

  stop(): void {
    this.#sender?.stop();
    this.#sender = undefined;
  }

  /** Stores what was written in this tab. Returns whether it would outlive the page. */
  add(message: Unsent): boolean {
    return this.#outbox.add(message);
  }

  /** Sends a message of this tab. Returns false if another tab leads and has to send it. */
  push(message: Unsent): boolean {
    this.#sender?.push(message);
    return this.#sender !== undefined;
  }

  /** Sends a message of another tab, which may not know yet that the store is another one. */
  pushFromTab(message: Unsent, epoch: string): void {
    if (!this.#sender) return;
    const [invalid] = withoutLostPositions([{ message, refused: "" }], epoch, false);
    if (invalid) this.#refuse(invalid.message, invalid.refused);
    else this.#sender.push(message);
  }

  discard(id: string): void {
    this.#store.remove(id);
    this.unqueue(id);
  }

  /** Another tab has discarded the message. */
  unqueue(id: string): void {
    this.#sender?.remove(id);
  }

  /** Refuses what names positions of another store than this; if they are `all` lost, what names any. */
  dropPositions(epoch: string, all: boolean): void {
    if (!this.#sender) return;
    for (const { message, refused } of withoutLostPositions(this.#outbox.all(), epoch, all)) {
      this.#sender.remove(message.clientMessageId);
      this.#refuse(message, refused);
    }
  }

  /** The stream is live. Messages that are too old are refused first: they are sent again only if their writer says so. */
  onLive(): void {
    for (const message of this.#sender ? expiredMessages(this.#outbox.toSend(), Date.now()) : []) {
      this.#sender?.remove(message.clientMessageId);
      this.#refuse(message, "SENT_LONG_AGO");
    }
    this.#sender?.flush();
  }

  onDisconnect(): void {
    this.#sender?.onDisconnect();
  }

  #refuse(message: Unsent, reason: string): void {
    this.#store.put(message, reason);
    this.#broadcast([{ kind: "refused", message, reason }]);
  }
}
