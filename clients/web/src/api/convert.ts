// Wire types to domain. Nothing above api/ sees a wire type.

import type { Duration, Timestamp } from "@bufbuild/protobuf/wkt";

import type { Receipt as WireReceipt, RoomChange as WireChange, WatchedRoom as WireWatched } from "../gen/causerie/v1/chat_pb";
import {
  NotificationLevel,
  type RoomPreferences as WireSettings,
  type RoomSummary as WireSummary,
} from "../gen/causerie/v1/rooms_pb";
import {
  HistoryVisibility,
  MemberRole,
  MemberState,
  PresenceState as WirePresenceState,
  RoomKind as WireRoomKind,
  StaffRole,
  SystemMessageKind,
  type File as WireFile,
  type Member as WireMember,
  type Message as WireMessage,
  type Pin as WirePin,
  type Presence as WirePresence,
  type Reaction as WireReaction,
  type Room as WireRoom,
  type Thread as WireThread,
  type User as WireUser,
} from "../gen/causerie/v1/types_pb";
import type { Session as WireSession } from "../gen/causerie/v1/auth_pb";
import type * as domain from "../domain/types";

export function millis(time: Timestamp | Duration | undefined): number {
  return time ? Number(time.seconds) * 1000 + Math.floor(time.nanos / 1e6) : 0;
}

export function user(wire: WireUser | undefined): domain.User {
  return {
    id: wire?.id ?? "",
    username: wire?.username ?? "",
    displayName: wire?.displayName || (wire?.username ?? ""),
    bio: wire?.bio ?? "",
    statusText: wire?.statusText ?? "",
    createdAt: millis(wire?.createdAt),
    photoId: wire?.avatarFileId ?? "",
    version: Number(wire?.version ?? 0),
  };
}

export function access(wire: WireSession | undefined): domain.Access {
  return { sessionId: wire?.id ?? "", access: wire?.accessToken ?? "" };
}

const PRESENCE: Record<WirePresenceState, domain.PresenceState> = {
  [WirePresenceState.UNSPECIFIED]: "offline",
  [WirePresenceState.OFFLINE]: "offline",
  [WirePresenceState.ONLINE]: "online",
  [WirePresenceState.AWAY]: "away",
  [WirePresenceState.DO_NOT_DISTURB]: "doNotDisturb",
  [WirePresenceState.INVISIBLE]: "invisible",
};

export function presenceState(wire: WirePresenceState): domain.PresenceState {
  return PRESENCE[wire] ?? "offline";
}

export function presence(wire: WirePresence): domain.Presence {
  return {
    userId: wire.userId,
    state: presenceState(wire.state),
    lastSeenAt: millis(wire.lastSeenAt),
  };
}

const KIND: Record<WireRoomKind, domain.RoomKind> = {
  [WireRoomKind.UNSPECIFIED]: "public",
  [WireRoomKind.PUBLIC]: "public",
  [WireRoomKind.PRIVATE]: "private",
  [WireRoomKind.DIRECT]: "direct",
};

export function room(wire: WireRoom | undefined): domain.Room {
  return {
    id: wire?.id ?? "",
    kind: KIND[wire?.kind ?? WireRoomKind.UNSPECIFIED] ?? "public",
    name: wire?.name ?? "",
    topic: wire?.topic ?? "",
    createdAt: millis(wire?.createdAt),
    memberCount: Number(wire?.memberCount ?? 0),
    changedSeq: Number(wire?.changedSeq ?? 0),
    headSeq: Number(wire?.headSeq ?? 0),
    logId: wire?.logId ?? "",
    archivedAt: millis(wire?.archivedAt),
    directUserIds: wire?.directUserIds ?? [],
    pictureId: wire?.avatarFileId ?? "",
    history: wire?.history === HistoryVisibility.FROM_JOINING ? "fromJoining" : "fromStart",
    joinNewAccounts: wire?.joinNewAccounts ?? false,
  };
}

function role(wire: MemberRole): domain.Role {
  if (wire === MemberRole.OWNER) return "owner";
  return wire === MemberRole.ADMIN ? "admin" : "member";
}

function memberState(wire: MemberState): domain.Member["state"] {
  if (wire === MemberState.JOINED) return "joined";
  return wire === MemberState.BANNED ? "banned" : "left";
}

export function member(wire: WireMember): domain.Member {
  return {
    user: user(wire.user),
    role: role(wire.role),
    state: memberState(wire.state),
    changedSeq: Number(wire.changedSeq),
    mutedUntil: millis(wire.mutedUntil),
  };
}

const SYSTEM: Partial<Record<SystemMessageKind, domain.SystemKind>> = {
  [SystemMessageKind.ROOM_CREATED]: "created",
  [SystemMessageKind.MEMBER_JOINED]: "joined",
  [SystemMessageKind.MEMBER_LEFT]: "left",
  [SystemMessageKind.ROOM_RENAMED]: "renamed",
  [SystemMessageKind.TOPIC_CHANGED]: "topic",
  [SystemMessageKind.MEMBER_ADDED]: "added",
  [SystemMessageKind.MEMBER_REMOVED]: "removed",
  [SystemMessageKind.MEMBER_BANNED]: "banned",
  [SystemMessageKind.ROLE_CHANGED]: "role",
  [SystemMessageKind.ROOM_ARCHIVED]: "archived",
  [SystemMessageKind.ROOM_UNARCHIVED]: "unarchived",
  [SystemMessageKind.MEMBER_MUTED]: "muted",
  [SystemMessageKind.MEMBER_UNMUTED]: "unmuted",
  [SystemMessageKind.MEMBER_UNBANNED]: "unbanned",
  [SystemMessageKind.MESSAGE_DELETED]: "messageDeleted",
  [SystemMessageKind.MESSAGE_PINNED]: "messagePinned",
  [SystemMessageKind.MESSAGE_UNPINNED]: "messageUnpinned",
  [SystemMessageKind.SETTINGS_CHANGED]: "settings",
};

const STAFF: Partial<Record<StaffRole, domain.AccountRole>> = {
  [StaffRole.MODERATOR]: "moderator",
  [StaffRole.ADMIN]: "admin",
};

function content(wire: WireMessage["content"]): domain.Content {
  switch (wire.case) {
    case "text":
      return { kind: "text", text: wire.value };
    case "deleted":
      return { kind: "deleted", byId: wire.value.deletedById };
    case "system": {
      const what = SYSTEM[wire.value.kind];
      const { detail, aboutUserId: aboutId } = wire.value;
      const staff = STAFF[wire.value.staff] ?? "user";
      return what ? { kind: "system", what, detail, aboutId, staff } : { kind: "unknown" };
    }
    default:
      return { kind: "unknown" };
  }
}

export function attachment({ id, name, sizeBytes, image }: WireFile): domain.Attachment {
  return { id, name, size: Number(sizeBytes), image: image && { width: image.width, height: image.height } };
}

export function message(wire: WireMessage): domain.Message {
  return {
    roomId: wire.roomId,
    seq: Number(wire.seq),
    senderId: wire.senderId,
    senderVersion: Number(wire.senderVersion),
    postedAt: millis(wire.postedAt),
    changedSeq: Number(wire.changedSeq),
    clientMessageId: wire.clientMessageId,
    content: content(wire.content),
    replyTo: Number(wire.replyToSeq),
    editedAt: millis(wire.editedAt),
    reactions: wire.reactions.map(reaction),
    attachments: wire.attachments.map(attachment),
    mentions: wire.mentions.map(({ name, who }) => ({
      name,
      userId: who.case === "userId" ? who.value : "",
      all: who.case === "all" && who.value,
      here: who.case === "here" && who.value,
    })),
    threadSeq: Number(wire.threadSeq),
    thread: thread(wire.thread),
    pin: pin(wire.pin),
  };
}

const reaction = ({ emoji, count, userIds, reactedByMe: mine }: WireReaction): domain.Reaction => ({ emoji, count: Number(count), userIds, mine });

const thread = (wire: WireThread | undefined): domain.Message["thread"] =>
  wire && { replies: wire.replyCount, more: wire.replyMore, lastSeq: Number(wire.lastReplySeq) };

const pin = (wire: WirePin | undefined): domain.Message["pin"] => wire && { userId: wire.userId, at: millis(wire.pinnedAt) };

function delta({ reaction: reacted, pin: pinned, thread: grown }: WireChange): domain.Delta | undefined {
  if (reacted?.reaction) {
    const { messageSeq, userId, added } = reacted;
    return { kind: "reaction", seq: Number(messageSeq), reaction: reaction(reacted.reaction), userId, added };
  }
  if (pinned) return { kind: "pin", seq: Number(pinned.messageSeq), pin: pin(pinned.pin) };
  return grown && { kind: "thread", seq: Number(grown.messageSeq), thread: thread(grown.thread) };
}

const LEVEL: Partial<Record<NotificationLevel, domain.NotificationLevel>> = {
  [NotificationLevel.MENTIONS]: "mentions",
  [NotificationLevel.NOTHING]: "nothing",
};

export function settings(wire: WireSettings | undefined, roomId = wire?.roomId ?? ""): domain.RoomPreferences {
  return {
    roomId,
    level: LEVEL[wire?.level ?? NotificationLevel.ALL] ?? "all",
    mutedUntil: millis(wire?.notificationsMutedUntil),
    starred: wire?.starred ?? false,
  };
}

export function receipt(wire: WireReceipt): domain.Receipt {
  const { roomId, userId, deliveredSeq, readSeq } = wire;
  return { roomId, userId, deliveredSeq: Number(deliveredSeq), readSeq: Number(readSeq) };
}

export function summary(wire: WireSummary | undefined): domain.RoomSummary {
  return {
    room: room(wire?.room),
    role: role(wire?.role ?? MemberRole.MEMBER),
    mutedUntil: millis(wire?.mutedUntil),
    readSeq: Number(wire?.readSeq ?? 0),
    unreadCount: wire?.unreadCount ?? 0,
    unreadMore: wire?.unreadMore ?? false,
    unreadMentions: wire?.unreadMentionCount ?? 0,
    unreadThreads: wire?.unreadThreadCount ?? 0,
    unreadFrom: Number(wire?.unreadFromSeq ?? 0),
    settings: settings(wire?.preferences, wire?.room?.id ?? ""),
    lastMessage: wire?.lastMessage && message(wire.lastMessage),
  };
}

export function change(wire: WireChange): domain.RoomChange {
  return {
    roomId: wire.roomId,
    seq: Number(wire.seq),
    afterSeq: Number(wire.afterSeq),
    message: wire.message && message(wire.message),
    member: wire.member && member(wire.member),
    room: wire.room && room(wire.room),
    delta: delta(wire),
  };
}

export function watched(wire: WireWatched): domain.WatchedRoom {
  return {
    roomId: wire.roomId,
    memberCount: Number(wire.memberCount),
    onlineCount: Number(wire.onlineCount),
    presences: wire.presences.map(presence),
    typing: wire.severalTyping ? [""] : wire.typingUserIds,
    receipts: wire.receipts.map(receipt),
  };
}
