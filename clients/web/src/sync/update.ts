// Updates from sync to the stores. Plain data: the leader broadcasts it to other tabs. Tabs of older versions read it
// too, so the names stay.

import type { Message, Presence, PresenceState, Receipt, RoomChange, RoomPreferences, RoomSummary, Unsent, User, WatchedRoom } from "../domain/types";
import type { ConnectionState } from "./reconnect";

export type Update =
  /** The connection's state has changed. */
  | { kind: "connection"; state: ConnectionState }
  /**
   * A stream is open, for the first time or after an interruption. Another epoch means another store: what still exists
   * is sent before the stream is live.
   */
  | { kind: "ready"; me: User; epoch: string; choice: PresenceState }
  /** The presence that the user has chosen, here or on another device. */
  | { kind: "choice"; choice: PresenceState }
  /**
   * The changes of a room come once, in order, without gaps. A message beyond `knownSeq` is new: this is the position
   * before catching up, or else `afterSeq`.
   */
  | { kind: "change"; change: RoomChange; knownSeq?: number }
  /** Replaces the room's messages. There are none if the room has another log. */
  | { kind: "reset"; summary: RoomSummary; messages: readonly Message[] }
  | { kind: "roomAdded"; summary: RoomSummary }
  | { kind: "roomGone"; roomId: string }
  /** The id is empty in large rooms, where only the fact is sent. */
  | { kind: "typing"; roomId: string; userId: string; typing: boolean }
  | { kind: "presence"; presence: Presence }
  /** `threadSeq` is 0 for the room itself; `unreadFrom` is where the room is flagged as unread, or 0. */
  | { kind: "readMarker"; roomId: string; userId: string; readSeq: number; threadSeq: number; unreadFrom: number }
  | { kind: "receipt"; receipt: Receipt }
  | { kind: "roomPreferences"; settings: RoomPreferences }
  /** The watched rooms in their current state. */
  | { kind: "watched"; rooms: readonly WatchedRoom[] }
  /** Users with a block between them and the user, by either. Their messages neither notify nor mention the user. */
  | { kind: "apart"; userIds: readonly string[] }
  /** A profile as it is now, the user's own or another's. */
  | { kind: "user"; user: User }
  /** The user has blocked somebody, or unblocked them, here or on another device. */
  | { kind: "blockChange"; userId: string; blocked: boolean }
  /** Whom the user has blocked. */
  | { kind: "blocked"; userIds: readonly string[] }
  /** A message was put into the outbox, here or in another tab. */
  | { kind: "queued"; message: Unsent }
  /** A message of the outbox is stored. */
  | { kind: "sent"; id: string; message: Message }
  /** A message of the outbox was refused for good. It stays until its writer decides. */
  | { kind: "refused"; message: Unsent; reason: string }
  /** Its writer has taken it out of the outbox. */
  | { kind: "discarded"; id: string }
  /** The state of the leader, which replaces all state of this tab. */
  | { kind: "snapshot"; snapshot: Snapshot };

/** The state that a tab needs in order to follow the leader's updates. */
export interface Snapshot {
  readonly me: User;
  readonly choice: PresenceState;
  readonly connection: ConnectionState;
  /** The store's epoch; tabs of older versions do not send it. */
  readonly epoch: string | undefined;
  /** The head of each is the position up to which the leader has received it. */
  readonly rooms: readonly RoomSummary[];
  /** Rooms whose unread count may be wrong; tabs of older versions do not send it. */
  readonly doubtful: readonly string[] | undefined;
  readonly users: readonly User[];
  readonly presences: readonly Presence[];
  /** Undefined while it is not known. */
  readonly blocked: readonly string[] | undefined;
  /** Users with a block between them and the user; tabs of older versions do not send it. */
  readonly apart?: readonly string[];
}
