// What this client knows, normalised: rooms by id, messages by room and
// position, users by id. The outbox is its own list; views join it.

import type { Message, Presence, PresenceState, Receipt, Role, Room, RoomPreferences, Unsent, User } from "../../domain/types";
import type { ConnectionState } from "../../sync/reconnect";
import type { PendingDelta } from "../messages/deltas";
import { nameKey } from "../people/name-collisions";
import { firstAfter, type Range, type Ranges } from "./ranges";
import type { ThreadMarkers } from "../threads/threads";

export type { ConnectionState as ConnectionState } from "../../sync/reconnect";

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
  ranges: Ranges;
  /** Of messages that are not here. */
  readonly deltas: PendingDelta[];
  /** The position with which the room began here. What was read of it before is too old. */
  readonly startSeq: number;
  /** The newest message that is not a system message. */
  lastMessage: Message | undefined;
  /** Unread messages, counted by the server up to a position. */
  counted: {
    readonly count: number;
    readonly more: boolean;
    readonly mentions: number;
    readonly upTo: number;
    /** Those of them that were deleted since; they may be told of again. */
    readonly deleted: Set<number>;
  };
  /** What is counted may be wrong, and the server has to be asked. */
  countStale: boolean;
  /** As the model's: what these write mentions the user in no room. */
  blockRelations: ReadonlySet<string>;
  /** From where on the user has flagged the room as unread; 0 if not. */
  unreadFrom: number;
  threads: ThreadMarkers;
  preferences: RoomPreferences;
  /** Up to where what other members have got and read, by user. */
  readonly receipts: Map<string, Receipt>;
  /** On a screen, of this tab or another. */
  watched: boolean;
  /** While it is watched and small: its members, as far as it was told. */
  members: Set<string> | undefined;
  onlineCount: number;
}

/** A message of the outbox as it is shown. */
export interface OutboxEntry {
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
  connection: ConnectionState;
  readonly rooms: Map<string, RoomView>;
  /** Of the store; empty until a stream has told it. */
  epoch: string;
  /** Rooms known from before the store was another one: gone, unless they are told of before the stream is live. */
  readonly stale: Set<string>;
  readonly users: Map<string, User>;
  /** Their ids by what their names look like. */
  readonly usersByName: Map<string, Set<string>>;
  readonly presences: Map<string, Presence>;
  /** Who types, by room; an empty id where it is said only that others do. */
  readonly typing: Map<string, readonly string[]>;
  outbox: readonly OutboxEntry[];
  /** The rooms whose messages are on the screen of this tab, and stay. */
  readonly visibleRooms: Set<string>;
  /** Whom the user has blocked; undefined until that was read. */
  blocked: ReadonlySet<string> | undefined;
  /** With whom the user has a block, by either. */
  blockRelations: ReadonlySet<string>;
}

export function emptyModel(me: User): Model {
  return {
    me,
    choice: "online",
    connection: { kind: "connecting" },
    rooms: new Map(),
    epoch: "",
    stale: new Set(),
    users: new Map([[me.id, me]]),
    usersByName: new Map([[nameKey(me.displayName), new Set([me.id])]]),
    presences: new Map(),
    typing: new Map(),
    outbox: [],
    visibleRooms: new Set(),
    blocked: undefined,
    blockRelations: new Set(),
  };
}

/** The last stretch: live changes go there. */
export function tail(view: RoomView): Range {
  return view.ranges[view.ranges.length - 1] ?? { after: view.room.headSeq, upTo: view.room.headSeq };
}

/** The messages of a stretch, oldest first. */
export function messagesIn(view: RoomView, { after, upTo }: Range): Message[] {
  const positions = view.order.slice(firstAfter(view.order, after), firstAfter(view.order, upTo));
  return positions.map((seq) => view.messages.get(seq)).filter((message) => message !== undefined);
}
