// The normalised state of this client: rooms by id, messages by room and
// position, users by id. The outbox is a list of its own, which views join.

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
  /** By position; complete only within `ranges`. */
  readonly messages: Map<number, Message>;
  /** The positions in `messages`, sorted. */
  order: number[];
  ranges: Ranges;
  /** Deltas of messages that are not loaded. */
  readonly deltas: PendingDelta[];
  /** The head of the room when it was added here. Pages that were read before are too old. */
  readonly startSeq: number;
  /** The newest message that is not a system message. */
  lastMessage: Message | undefined;
  /** Unread messages, counted by the server up to a position. */
  counted: {
    readonly count: number;
    readonly more: boolean;
    readonly mentions: number;
    readonly upTo: number;
    /** Positions of counted messages that were deleted since; their changes may come again. */
    readonly deleted: Set<number>;
  };
  /** The unread count may be wrong and has to be loaded again. */
  countStale: boolean;
  /** The same set as in the model: messages of these users never mention the user. */
  blockRelations: ReadonlySet<string>;
  /** From where on the user has flagged the room as unread; 0 if not. */
  unreadFrom: number;
  threads: ThreadMarkers;
  preferences: RoomPreferences;
  /** What other members have received and read, by user. */
  readonly receipts: Map<string, Receipt>;
  /** On a screen, of this tab or another. */
  watched: boolean;
  /** The known members of a small room that is watched. */
  members: Set<string> | undefined;
  onlineCount: number;
}

/** A message of the outbox as it is shown. */
export interface OutboxEntry {
  readonly message: Unsent;
  /** Why it was refused for good; empty while it waits. */
  readonly refused: string;
  /** Its position once it is stored. It is shown until the room's log reaches this position. */
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
  /** Rooms of the previous store. They are removed unless the stream adds them before it is live. */
  readonly stale: Set<string>;
  readonly users: Map<string, User>;
  /** Ids of users by the key of their display name. */
  readonly usersByName: Map<string, Set<string>>;
  readonly presences: Map<string, Presence>;
  /** Ids of typing users, by room; an empty id stands for unnamed others. */
  readonly typing: Map<string, readonly string[]>;
  outbox: readonly OutboxEntry[];
  /** The rooms whose messages are on the screen of this tab, and stay. */
  readonly visibleRooms: Set<string>;
  /** Whom the user has blocked; undefined until that was read. */
  blocked: ReadonlySet<string> | undefined;
  /** Users with a block between them and the user, by either. */
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
