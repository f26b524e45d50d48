// What sync tells state. Plain data: one tab hands it to the others.

import type { Message, Presence, PresenceState, Receipt, RoomChange, RoomPreferences, RoomSummary, Unsent, User, WatchedRoom } from "../domain/types";
import type { ConnectionState } from "./reconnect";

export type Update =
  /** The connection's state has changed. */
  | { kind: "connection"; state: ConnectionState }
  /**
   * A stream is open; after an interruption, again. If the epoch is another, so is the store: what is still there is
   * told before the stream is live.
   */
  | { kind: "ready"; me: User; epoch: string; choice: PresenceState }
  /** How the user has chosen to be seen, here or on another device. */
  | { kind: "choice"; choice: PresenceState }
  /**
   * In each room changes come once, in order, without a hole. A message beyond `knownSeq` is new: the position before
   * this was caught up with, or else `afterSeq`.
   */
  | { kind: "change"; change: RoomChange; knownSeq?: number }
  /** Forget the room's messages and go on from here. None come if its log is another. */
  | { kind: "reset"; summary: RoomSummary; messages: readonly Message[] }
  | { kind: "roomAdded"; summary: RoomSummary }
  | { kind: "roomGone"; roomId: string }
  /** Without an id where it is said only that others type. */
  | { kind: "typing"; roomId: string; userId: string; typing: boolean }
  | { kind: "presence"; presence: Presence }
  /** `threadSeq` is 0 for the room itself; `unreadFrom` is where the room is flagged as unread, or 0. */
  | { kind: "readMarker"; roomId: string; userId: string; readSeq: number; threadSeq: number; unreadFrom: number }
  | { kind: "receipt"; receipt: Receipt }
  | { kind: "roomPreferences"; settings: RoomPreferences }
  /** The rooms that are looked at, as they are now. */
  | { kind: "watched"; rooms: readonly WatchedRoom[] }
  /** With whom the user has a block, by either: what they write does not notify, nor mention the user. */
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
  /** Another tab's knowledge: drop all and take this. */
  | { kind: "snapshot"; snapshot: Snapshot };

/** All that a tab has to know to follow another one's updates. */
export interface Snapshot {
  readonly me: User;
  readonly choice: PresenceState;
  readonly connection: ConnectionState;
  /** Of the store; pages of before do not say it. */
  readonly epoch: string | undefined;
  /** Each with the position up to which it is known as its head. */
  readonly rooms: readonly RoomSummary[];
  /** Those in which what is counted may be wrong; pages of before do not say. */
  readonly doubtful: readonly string[] | undefined;
  readonly users: readonly User[];
  readonly presences: readonly Presence[];
  /** Undefined while it is not known. */
  readonly blocked: readonly string[] | undefined;
  /** With whom the user has a block; pages of before do not say. */
  readonly apart?: readonly string[];
}
