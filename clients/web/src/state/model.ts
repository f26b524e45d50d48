// What this client knows, normalised: rooms by id, messages by room and
// position, users by id. The outbox is its own list; views join it.

import type { Message, Presence, PresenceState, Receipt, Role, Room, RoomSettings, Unsent, User } from "../nouns";
import type { State } from "../sync/connection";
import { firstAfter, rangeOf, type Range, type Ranges } from "./ranges";
import { anyUnread, type ThreadMarks } from "./threads";

export type { State as ConnectionState } from "../sync/connection";

export interface RoomView {
  room: Room;
  role: Role;
  /** The user may not post before this. */
  mutedUntil: number;
  readSeq: number;
  /** By position; complete only within `known`. */
  readonly messages: Map<number, Message>;
  /** The positions in `messages`, sorted. */
  order: number[];
  known: Ranges;
  /** The newest message that is not a system message. */
  last: Message | undefined;
  /** Unread messages, counted by the server up to a position. */
  counted: { count: number; more: boolean; mentions: number; upTo: number };
  /** From where on the user has flagged the room as unread; 0 if not. */
  unreadFrom: number;
  threads: ThreadMarks;
  settings: RoomSettings;
  /** Up to where what other members have got and read, by user. */
  readonly receipts: Map<string, Receipt>;
  onlineCount: number;
}

/** A message of the outbox as it is shown. */
export interface Waiting {
  readonly message: Unsent;
  /** Why it was refused for good; empty while it waits. */
  readonly refused: string;
  /** Its position once it is stored: shown until the room's log has come there. */
  readonly sentSeq: number;
}

export interface Model {
  me: User;
  /** How the user has chosen to be seen. */
  choice: PresenceState;
  connection: State;
  readonly rooms: Map<string, RoomView>;
  readonly users: Map<string, User>;
  readonly presences: Map<string, Presence>;
  /** Who types, by room. */
  readonly typing: Map<string, readonly string[]>;
  outbox: readonly Waiting[];
  /** Whom the user has blocked. */
  blocked: ReadonlySet<string>;
}

export function emptyModel(me: User): Model {
  return {
    me,
    choice: "online",
    connection: { kind: "connecting" },
    rooms: new Map(),
    users: new Map([[me.id, me]]),
    presences: new Map(),
    typing: new Map(),
    outbox: [],
    blocked: new Set(),
  };
}

export interface Unread {
  readonly count: number;
  /** There are more than `count`. */
  readonly more: boolean;
  /** How many of them call the user. */
  readonly mentions: number;
  /** The user has flagged the room, to come back to it. */
  readonly flagged: boolean;
  /** A thread that the user follows has unread answers. */
  readonly threads: boolean;
}

export const NOTHING_UNREAD: Unread = { count: 0, more: false, mentions: 0, flagged: false, threads: false };

/** Whether a message calls a user, by name or all. Who was there when it was posted is not known later. */
export function calls(message: Message, userId: string): boolean {
  return message.mentions.some((mention) => mention.all || mention.userId === userId);
}

/** How many messages of others are unread; own and system messages never count. */
export function unread(view: RoomView, me: string): Unread {
  const { counted, readSeq } = view;
  const whole = readSeq >= counted.upTo || (rangeOf(view.known, readSeq + 1)?.upTo ?? 0) >= counted.upTo;
  const from = whole ? readSeq : counted.upTo;
  let count = whole ? 0 : counted.count;
  let mentions = whole ? 0 : counted.mentions;
  for (let i = view.order.length - 1; i >= 0 && (view.order[i] ?? 0) > from; i--) {
    const message = view.messages.get(view.order[i] ?? 0);
    if (!message || !counts(message, me)) continue;
    count += 1;
    if (calls(message, me)) mentions += 1;
  }
  const most = 999;
  const more = count > most || (!whole && counted.more);
  return { count: Math.min(count, most), more, mentions, flagged: view.unreadFrom > 0, threads: anyUnread(view.threads) };
}

function counts(message: Message, me: string): boolean {
  const { kind } = message.content;
  return message.senderId !== me && kind !== "system" && kind !== "deleted";
}

/** The last stretch: live changes go there. */
export function tail(view: RoomView): Range {
  return view.known[view.known.length - 1] ?? { after: view.room.headSeq, upTo: view.room.headSeq };
}

/** The messages of a stretch, oldest first. */
export function messagesIn(view: RoomView, { after, upTo }: Range): Message[] {
  const positions = view.order.slice(firstAfter(view.order, after), firstAfter(view.order, upTo));
  return positions.map((seq) => view.messages.get(seq)).filter((message) => message !== undefined);
}
