// A timeline's rows from its messages: pure. Rows that did not change stay the
// same objects, so that what is on the screen is not drawn again.

import type { Message } from "../nouns";
import type { Waiting } from "./model";

/** A pause this long begins a new group of bubbles. */
const GROUP_MS = 5 * 60_000;

export type Row =
  /** The room's log begins here. */
  | { readonly kind: "start"; readonly key: string }
  | { readonly kind: "day"; readonly key: string; readonly at: number }
  | { readonly kind: "new"; readonly key: string }
  | { readonly kind: "system"; readonly key: string; readonly message: Message }
  | MessageRow
  | WaitingRow;

export interface MessageRow {
  readonly kind: "message";
  readonly key: string;
  readonly message: Message;
  readonly mine: boolean;
  /** The first of its group, which shows who and when. */
  readonly first: boolean;
}

export interface WaitingRow {
  readonly kind: "waiting";
  readonly key: string;
  readonly entry: Waiting;
  readonly first: boolean;
}

export interface RowsInput {
  readonly messages: readonly Message[];
  readonly outbox: readonly Waiting[];
  readonly me: string;
  readonly atStart: boolean;
  /** The new-messages line goes before the first message of others after this position. */
  readonly newAfter: number | undefined;
}

export class Rows {
  #cache = new Map<string, Row>();
  #dayStart = 0;
  #dayEnd = 0;

  build({ messages, outbox, me, atStart, newAfter }: RowsInput): Row[] {
    const rows: Row[] = [];
    const cache = new Map<string, Row>();
    const push = (row: Row) => {
      const kept = this.#cache.get(row.key);
      const same = kept && sameRow(kept, row) ? kept : row;
      cache.set(row.key, same);
      rows.push(same);
    };
    let group = { sender: "", at: 0 };
    const begins = (sender: string, at: number) => {
      const first = sender !== group.sender || at - group.at > GROUP_MS;
      group = { sender, at };
      return first;
    };
    let lineDrawn = newAfter === undefined;
    this.#dayStart = this.#dayEnd = 0;
    if (atStart) push({ kind: "start", key: "start" });
    for (const message of messages) {
      const { seq, senderId, postedAt: at } = message;
      if (this.#newDay(at)) {
        group = { sender: "", at: 0 };
        push({ kind: "day", key: `day:${this.#dayStart}`, at });
      }
      const mine = senderId === me;
      const system = message.content.kind === "system";
      if (!lineDrawn && seq > (newAfter ?? 0) && !mine && !system) {
        lineDrawn = true;
        group = { sender: "", at: 0 };
        push({ kind: "new", key: "new" });
      }
      if (system) {
        group = { sender: "", at: 0 };
        push({ kind: "system", key: String(seq), message });
      } else {
        push({ kind: "message", key: String(seq), message, mine, first: begins(senderId, at) });
      }
    }
    for (const entry of outbox) {
      const { clientMessageId, at } = entry.message;
      if (this.#newDay(at)) push({ kind: "day", key: `day:${this.#dayStart}`, at });
      push({ kind: "waiting", key: clientMessageId, entry, first: begins(me, at) });
    }
    this.#cache = cache;
    return rows;
  }

  /** Whether this is on another day than the one before. Clocks of two machines may disagree about the order. */
  #newDay(at: number): boolean {
    if (at >= this.#dayStart && at < this.#dayEnd) return false;
    const day = new Date(at);
    const start = new Date(day.getFullYear(), day.getMonth(), day.getDate()).getTime();
    if (start < this.#dayStart) return false;
    this.#dayStart = start;
    this.#dayEnd = new Date(day.getFullYear(), day.getMonth(), day.getDate() + 1).getTime();
    return true;
  }
}

function sameRow(a: Row, b: Row): boolean {
  switch (a.kind) {
    case "message":
      return b.kind === "message" && a.message === b.message && a.first === b.first;
    case "system":
      return b.kind === "system" && a.message === b.message;
    case "waiting":
      return b.kind === "waiting" && a.entry === b.entry && a.first === b.first;
    default:
      return a.kind === b.kind;
  }
}
