// The nouns that every layer speaks. Plain data, so that tabs can hand it to
// each other; positions are numbers (a room would need 2^53 changes to outgrow
// them) and times are milliseconds since 1970.

export interface User {
  readonly id: string;
  readonly username: string;
  readonly displayName: string;
  readonly bio: string;
  readonly statusText: string;
  readonly createdAt: number;
  /** A square image; empty if there is none. */
  readonly photoId: string;
  /** Of two states the one with the higher version is the newer. Pages of before do not say it. */
  readonly version?: number;
}

export type PresenceState = "offline" | "online" | "away" | "doNotDisturb" | "invisible";

export interface Presence {
  readonly userId: string;
  readonly state: PresenceState;
  /** When the user was last connected; 0 while connected, or if never. */
  readonly lastSeenAt: number;
}

export type RoomKind = "public" | "private" | "direct";

export interface Room {
  readonly id: string;
  readonly kind: RoomKind;
  /** Empty for a direct room: show the other one's. */
  readonly name: string;
  readonly topic: string;
  readonly createdAt: number;
  readonly memberCount: number;
  readonly changedSeq: number;
  readonly headSeq: number;
  /** Names its log: positions of another one mean nothing. */
  readonly logId: string;
  /** 0 if it is not archived. */
  readonly archivedAt: number;
  /** The two of a direct room; the same one twice for notes. */
  readonly directUserIds: readonly string[];
  /** A square image; empty if there is none. */
  readonly pictureId: string;
  readonly history: History;
  /** Whoever makes an account is a member from the start. */
  readonly joinNewAccounts: boolean;
}

/** Up to where a room is known, and of which log that is. */
export interface Position {
  readonly seq: number;
  readonly logId: string;
}

/** What those who join see of what was said before. */
export type History = "fromStart" | "fromJoining";

export type Role = "member" | "admin" | "owner";

export interface Member {
  readonly user: User;
  readonly role: Role;
  readonly state: "joined" | "left" | "banned";
  readonly changedSeq: number;
  /** May not post before this; 0 if never muted. */
  readonly mutedUntil: number;
}

export type SystemKind =
  | "created"
  | "joined"
  | "left"
  | "renamed"
  | "topic"
  | "added"
  | "removed"
  | "banned"
  | "role"
  | "archived"
  | "unarchived"
  | "muted"
  | "unmuted"
  | "unbanned"
  | "messageDeleted"
  | "messagePinned"
  | "messageUnpinned"
  | "settings";

export type Content =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "system"; readonly what: SystemKind; readonly detail: string; readonly aboutId: string; readonly staff: AccountRole }
  /** All that is left of a deleted message. */
  | { readonly kind: "deleted"; readonly byId: string }
  /** A newer server sends what this client does not know. */
  | { readonly kind: "unknown" };

export interface Reaction {
  readonly emoji: string;
  readonly count: number;
  /** The first three of them. */
  readonly userIds: readonly string[];
  /** Whether the user is among them; undefined where that was not said, as in live events. */
  readonly mine: boolean | undefined;
}

/** Somebody's emoji under a message. */
export interface UserReaction {
  readonly emoji: string;
  readonly userId: string;
}

export interface Message {
  readonly roomId: string;
  readonly seq: number;
  readonly senderId: string;
  /** User.version of the sender when this was read. */
  readonly senderVersion?: number;
  readonly postedAt: number;
  readonly changedSeq: number;
  readonly clientMessageId: string;
  readonly content: Content;
  /** The position of the message that this one answers; 0 if none. */
  readonly replyTo: number;
  /** 0 if it was never edited. */
  readonly editedAt: number;
  readonly reactions: readonly Reaction[];
  readonly pin: { readonly userId: string; readonly at: number } | undefined;
  readonly mentions: readonly Mention[];
  readonly attachments: readonly Attachment[];
  /** The position of the message whose thread this one is in; 0 if it stands in the timeline. */
  readonly threadSeq: number;
  readonly thread: { readonly replies: number; readonly more: boolean; readonly lastSeq: number } | undefined;
}

/** A file that goes with a message. */
export interface Attachment {
  readonly id: string;
  readonly name: string;
  readonly size: number;
  readonly image: { readonly width: number; readonly height: number } | undefined;
}

/** Whom a message calls, by the name as it stands in the text. */
export interface Mention {
  readonly name: string;
  readonly userId: string;
  /** All members. */
  readonly all: boolean;
  /** Those who were online. */
  readonly here: boolean;
}

/** What has arrived at a member, and what they have read (0 if they do not tell). */
export interface Receipt {
  readonly roomId: string;
  readonly userId: string;
  readonly deliveredSeq: number;
  readonly readSeq: number;
}

export interface Thread {
  readonly root: Message;
  readonly messages: readonly Message[];
  readonly hasOlder: boolean;
  /** Its unread answers count for the user. */
  readonly following: boolean;
  readonly readSeq: number;
}

/** Whom a message has reached. */
export interface ReceiptReport {
  readonly read: Count;
  readonly delivered: Count;
  /** The marks behind the numbers; none in large rooms. */
  readonly receipts: readonly Receipt[];
}

export interface Count {
  readonly count: number;
  /** There are more than `count`. */
  readonly more: boolean;
}

export interface Invite {
  readonly code: string;
  readonly roomId: string;
  readonly createdAt: number;
  /** 0 if it does not expire. */
  readonly expiresAt: number;
  readonly maxUses: number;
  readonly uses: number;
}

/** What an invite is for, before one joins by it. */
export interface Invitation {
  readonly roomName: string;
  readonly roomTopic: string;
  readonly memberCount: number;
  readonly creator: User;
  /** Set if the caller is a member already. */
  readonly joinedRoomId: string;
}

export type NotificationLevel = "all" | "mentions" | "nothing";

/** What the user has set for themselves in a room. */
export interface RoomPreferences {
  readonly roomId: string;
  readonly level: NotificationLevel;
  /** Nothing is told before this; 0 if not muted. */
  readonly mutedUntil: number;
  readonly starred: boolean;
}

/** A text that a message had before. */
export interface Version {
  readonly text: string;
  readonly writtenAt: number;
}

/** A signed-in device, as its owner sees it. */
export interface SessionInfo {
  readonly id: string;
  readonly device: string;
  readonly address: string;
  readonly createdAt: number;
  readonly lastUsedAt: number;
  readonly current: boolean;
}

/** What an account may do on the server, beside what it may do in its rooms. */
export type AccountRole = "user" | "moderator" | "admin";

/** An account as the server's admins see it. */
export interface Account {
  readonly user: User;
  readonly role: AccountRole;
  /** 0 if nothing is known. */
  readonly lastUsedAt: number;
  /** 0 if it is not suspended. */
  readonly suspendedAt: number;
}

/** Who may make an account: anybody, who has an invite to a room, or nobody. */
export type SignUpPolicy = "open" | "invite" | "closed";

/** What holds for the whole server. */
export interface ServerSettings {
  readonly signUpPolicy: SignUpPolicy;
}

/** A link that sets a new password, once. */
export interface RecoveryLink {
  /** Goes behind the address of the server. */
  readonly path: string;
  readonly expiresAt: number;
}

/** One of the caller's rooms with the caller's unread state at `room.headSeq`. */
export interface RoomSummary {
  readonly room: Room;
  readonly role: Role;
  /** Until when the user may not post; 0 if never muted. */
  readonly mutedUntil: number;
  readonly readSeq: number;
  readonly unreadCount: number;
  readonly unreadMore: boolean;
  readonly unreadMentions: number;
  /** How many threads that the user follows have unread answers. */
  readonly unreadThreads: number;
  /** From where on the user has flagged the room as unread; 0 if not. */
  readonly unreadFrom: number;
  readonly settings: RoomPreferences;
  readonly lastMessage: Message | undefined;
}

/** What changed in the positions after `afterSeq` up to `seq`. */
export interface RoomChange {
  readonly roomId: string;
  readonly seq: number;
  readonly afterSeq: number;
  readonly message: Message | undefined;
  readonly member: Member | undefined;
  readonly room: Room | undefined;
  readonly delta?: Delta | undefined;
}

/** What has become of a part of a message; `seq` is the message's. Of a reaction with a count of 0 nothing is left. */
export type Delta =
  | { readonly kind: "reaction"; readonly seq: number; readonly reaction: Reaction; readonly userId: string; readonly added: boolean }
  | { readonly kind: "pin"; readonly seq: number; readonly pin: Message["pin"] }
  | { readonly kind: "thread"; readonly seq: number; readonly thread: Message["thread"] };

export type Anchor =
  | { readonly before: number }
  | { readonly after: number }
  | { readonly around: number }
  /** Around what was posted then, or next after it. */
  | { readonly aroundTime: number };

/** A page of messages, oldest first. */
export interface Page {
  readonly messages: readonly Message[];
  readonly hasOlder: boolean;
  readonly hasNewer: boolean;
  readonly headSeq: number;
}

export interface WatchedRoom {
  readonly roomId: string;
  readonly memberCount: number;
  readonly onlineCount: number;
  readonly presences: readonly Presence[];
  readonly typing: readonly string[];
  readonly receipts: readonly Receipt[];
}

export interface DirectoryRoom {
  readonly room: Room;
  readonly joined: boolean;
}

/** One part of a longer list; `next` is empty on the last. */
export interface ListPage<T> {
  readonly items: readonly T[];
  readonly next: string;
}

/** What is sought among messages: all that is set must be true of one. */
export interface SearchRequest {
  /** Words, and filters as the server reads them. */
  readonly query: string;
  /** Only in this room. */
  readonly roomId?: string;
  readonly fromUserId?: string | undefined;
  /** Posted at this moment or after it. */
  readonly after?: number | undefined;
  readonly before?: number | undefined;
  readonly hasFile?: boolean;
}

/** A token for calls, and whose session it is of. */
export interface Access {
  readonly sessionId: string;
  readonly access: string;
}

export interface SignedIn extends Access {
  readonly user: User;
}

/** A message that has not been acknowledged. */
export interface Unsent {
  readonly clientMessageId: string;
  readonly roomId: string;
  readonly text: string;
  /** The position of the message that it answers; 0 if none. */
  readonly replyTo: number;
  /** The thread in which it shall stand; 0 for the timeline. */
  readonly threadSeq: number;
  /** Of the store in which its positions mean something; none where that was not known. */
  readonly epoch?: string;
  /** Files that go with it, uploaded already. */
  readonly attachmentIds: readonly string[];
  /** When it was written. */
  readonly at: number;
}
