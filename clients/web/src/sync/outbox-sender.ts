// Empties the outbox while the connection is live. Only the tab that leads does.
// By a clock that nobody sets: waiting ends also when the time of day goes back.

import type { Api } from "../api/calls";
import { Failure } from "../domain/failure";
import type { Message, Unsent } from "../domain/types";
import { Outbox } from "./outbox";

export interface SenderParts {
  readonly api: Pick<Api, "sendMessage">;
  readonly live: () => boolean;
  readonly sent: (unsent: Unsent, message: Message) => void;
  readonly refused: (unsent: Unsent, failure: Failure) => void;
}

export class Sender {
  readonly #parts: SenderParts;
  readonly #outbox: Outbox;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(waiting: Iterable<Unsent>, parts: SenderParts) {
    this.#outbox = new Outbox(waiting);
    this.#parts = parts;
  }

  push(message: Unsent): void {
    this.#outbox.push(message);
    this.pump();
  }

  remove(id: string): void {
    this.#outbox.remove(id);
    this.pump();
  }

  lost(): void {
    this.#outbox.lost();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  /** Sends what may leave now, and comes back for what may leave later. */
  pump(): void {
    clearTimeout(this.#timer);
    if (!this.#parts.live()) return;
    const now = performance.now();
    for (let message = this.#outbox.next(now); message; message = this.#outbox.next(now)) void this.#send(message);
    const wakesAt = this.#outbox.wakesAt();
    if (wakesAt !== undefined) this.#timer = setTimeout(() => this.pump(), Math.max(wakesAt - now, 10));
  }

  async #send(unsent: Unsent): Promise<void> {
    const { clientMessageId: id } = unsent;
    try {
      const message = await this.#parts.api.sendMessage(unsent);
      if (this.#outbox.settle(id, undefined, performance.now()) === "done") this.#parts.sent(unsent, message);
    } catch (error) {
      const failure = error instanceof Failure ? error : new Failure("internal", "", String(error));
      if (this.#outbox.settle(id, failure, performance.now()) === "done") this.#parts.refused(unsent, failure);
    }
    this.pump();
  }
}
