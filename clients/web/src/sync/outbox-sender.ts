// Sends the messages of the outbox while the connection is live. Only the leader does.
// It uses a monotonic clock, so that delays end also when the time of day is set back.

import type { Api } from "../api/calls";
import { Failure } from "../domain/failure";
import type { Message, Unsent } from "../domain/types";
import { Outbox } from "./outbox";

export interface OutboxSenderParts {
  readonly api: Pick<Api, "sendMessage">;
  readonly isLive: () => boolean;
  readonly onSent: (unsent: Unsent, message: Message) => void;
  readonly onRefused: (unsent: Unsent, failure: Failure) => void;
}

export class OutboxSender {
  readonly #parts: OutboxSenderParts;
  readonly #outbox: Outbox;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(messages: Iterable<Unsent>, parts: OutboxSenderParts) {
    this.#outbox = new Outbox(messages);
    this.#parts = parts;
  }

  push(message: Unsent): void {
    this.#outbox.push(message);
    this.flush();
  }

  remove(id: string): void {
    this.#outbox.remove(id);
    this.flush();
  }

  onDisconnect(): void {
    this.#outbox.onDisconnect();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  /** Sends what is due now, and sets a timer for what is due later. */
  flush(): void {
    clearTimeout(this.#timer);
    if (!this.#parts.isLive()) return;
    const now = performance.now();
    for (let message = this.#outbox.next(now); message; message = this.#outbox.next(now)) void this.#send(message);
    const wakesAt = this.#outbox.wakesAt();
    if (wakesAt !== undefined) this.#timer = setTimeout(() => this.flush(), Math.max(wakesAt - now, 10));
  }

  async #send(unsent: Unsent): Promise<void> {
    const { clientMessageId: id } = unsent;
    try {
      const message = await this.#parts.api.sendMessage(unsent);
      if (this.#outbox.onResult(id, undefined, performance.now()) === "done") this.#parts.onSent(unsent, message);
    } catch (error) {
      const failure = error instanceof Failure ? error : new Failure("internal", "", String(error));
      if (this.#outbox.onResult(id, failure, performance.now()) === "done") this.#parts.onRefused(unsent, failure);
    }
    this.flush();
  }
}
