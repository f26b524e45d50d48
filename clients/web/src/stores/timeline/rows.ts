// A timeline's rows from its messages: pure. Rows that did not change stay the
// same objects, so that what is on the screen is not drawn again.

import type { Message } from "../../domain/types";
import type { OutboxEntry } from "../model/model";

/** A pause this long begins a new group of bubbles. */
const GROUP_MS = 5 * 60_000;

/**
 * What stands above a row belongs to it: as rows of their own, separators would
 * move all others by one when they come or go.
 */
interface RowSeparators {
  /** The first of its day. */
  readonly day: number | undefined;
  /** The first that is new. */
  readonly startsNew: boolean;
}

export type Row =
  /** The room's log begins here. */
  | { readonly kind: "start"; readonly key: string }
  | SystemRow
  | MessageRow
  | OutboxRow;

export interface SystemRow extends RowSeparators {
  readonly kind: "system";
  readonly key: string;
  readonly message: Message;
}

export interface MessageRow extends RowSeparators {
  readonly kind: "message";
  readonly key: string;
  readonly message: Message;
  readonly isOwn: boolean;
  /** The first of its group, which shows who and when. */
  readonly first: boolean;
}

export interface OutboxRow extends RowSeparators {
  readonly kind: "outbox";
  readonly key: string;
  readonly entry: OutboxEntry;
  readonly first: boolean;
}

export interface RowsInput {
  readonly messages: readonly Message[];
  readonly outbox: readonly OutboxEntry[];
  readonly me: string;
  /** The messages are all that came after this position. */
  readonly after: number;
  /** The new-messages line goes before the first message of others after this position. */
  readonly newAfter: number | undefined;
}

export class Rows {
  #cache = new Map<string, Row>();
  #dayStart = 0;
  #dayEnd = 0;

  build({ messages, outbox, me, after, newAfter }: RowsInput): Row[] {
    const rows: Row[] = [];
    const cache = new Map<string, Row>();
    const push = (row: Row) => {
      const cached = this.#cache.get(row.key);
      const same = cached && sameRow(cached, row) ? cached : row;
      cache.set(row.key, same);
      rows.push(same);
    };
    let group = { sender: "", at: 0 };
    const startsGroup = (sender: string, at: number) => {
      const first = sender !== group.sender || at - group.at > GROUP_MS;
      group = { sender, at };
      return first;
    };
    // Where it belongs may be before what is known.
    let isLinePlaced = newAfter === undefined || newAfter < after;
    this.#dayStart = this.#dayEnd = 0;
    if (after === 0) push({ kind: "start", key: "start" });
    for (const message of messages) {
      const { seq, senderId, postedAt: at } = message;
      const day = this.#newDay(at) ? at : undefined;
      const isOwn = senderId === me;
      const system = message.content.kind === "system";
      const startsNew = !isLinePlaced && seq > (newAfter ?? 0) && !isOwn && !system;
      isLinePlaced ||= startsNew;
      if (day !== undefined || startsNew || system) group = { sender: "", at: 0 };
      const row = { key: String(seq), message, day, startsNew };
      push(system ? { kind: "system", ...row } : { kind: "message", ...row, isOwn, first: startsGroup(senderId, at) });
    }
    for (const entry of outbox) {
      const { clientMessageId, at } = entry.message;
      const day = this.#newDay(at) ? at : undefined;
      push({ kind: "outbox", key: clientMessageId, entry, first: startsGroup(me, at), day, startsNew: false });
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
  if (a.kind === "start" || b.kind === "start") return a.kind === b.kind;
  if (a.day !== b.day || a.startsNew !== b.startsNew) return false;
  switch (a.kind) {
    case "message":
      return b.kind === "message" && a.message === b.message && a.first === b.first;
    case "system":
      return b.kind === "system" && a.message === b.message;
    case "outbox":
      return b.kind === "outbox" && a.entry === b.entry && a.first === b.first;
  }
}
