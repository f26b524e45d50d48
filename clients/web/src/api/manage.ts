// Calls to manage an account and rooms, and those about messages that are on the
// screen already. Loaded when the first of them is made.

import { createClient, type Transport } from "@connectrpc/connect";

import { AuthService } from "../gen/causerie/v1/auth_pb";
import { ChatService } from "../gen/causerie/v1/chat_pb";
import { RoomService } from "../gen/causerie/v1/rooms_pb";
import { UserService } from "../gen/causerie/v1/users_pb";
import type * as domain from "../domain/types";
import { accountRole, adminApi } from "./admin";
import { messageFrom } from "./calls";
import * as convert from "./convert";
import * as managing from "./convert-manage";
import { raise } from "./failures";
import { withKey, withKeyOnce } from "./idempotency";

export type ManageApi = ReturnType<typeof manageApi>;

export function manageApi(transport: Transport) {
  return { ...account(transport), ...rooms(transport), ...marks(transport), ...messages(transport), ...adminApi(transport) };
}

export interface ProfileChanges {
  readonly displayName?: string;
  readonly bio?: string;
  readonly statusText?: string;
  /** Empty takes the address away. */
  readonly email?: string;
  /** An uploaded image; empty takes the photo away. */
  readonly avatarFileId?: string;
}

export interface RoomChanges {
  readonly name?: string;
  readonly topic?: string;
  readonly history?: domain.History;
  /** An uploaded image; empty takes the picture away. */
  readonly avatarFileId?: string;
  /** Only the server's admins may say so, and only of public rooms. */
  readonly joinNewAccounts?: boolean;
}

function account(transport: Transport) {
  const auth = createClient(AuthService, transport);
  const users = createClient(UserService, transport);
  return {
    async changePassword(oldPassword: string, newPassword: string): Promise<number> {
      const request = { oldPassword, newPassword };
      const change = (idempotencyKey: string) => auth.changePassword({ ...request, idempotencyKey }).catch(raise);
      return (await withKey(["changePassword", request], change)).endedSessions;
    },
    async listSessions(pageToken: string): Promise<domain.ListPage<domain.SessionInfo>> {
      const page = await auth.listSessions({ pageToken }).catch(raise);
      return { items: page.sessions.map(managing.sessionInfo), next: page.nextPageToken };
    },
    async revokeSession(sessionId: string): Promise<void> {
      await auth.revokeSession({ sessionId }).catch(raise);
    },
    async revokeOtherSessions(): Promise<number> {
      return (await auth.revokeOtherSessions({}).catch(raise)).endedSessions;
    },
    async searchUsers(query: string, pageToken: string): Promise<domain.ListPage<domain.User>> {
      if (!query) return { items: [], next: "" };
      const page = await users.searchUsers({ query, pageToken, pageSize: 20 }).catch(raise);
      return { items: page.users.map(convert.user), next: page.nextPageToken };
    },
    async getUsers(userIds: string[]): Promise<domain.User[]> {
      return (await users.batchGetUsers({ userIds }).catch(raise)).users.map(convert.user);
    },
    async listBlockedUsers(pageToken: string): Promise<domain.ListPage<domain.User>> {
      const page = await users.listBlockedUsers({ pageToken, pageSize: 200 }).catch(raise);
      return { items: page.users.map(convert.user), next: page.nextPageToken };
    },
    async blockUser(userId: string): Promise<void> {
      await users.blockUser({ userId }).catch(raise);
    },
    async unblockUser(userId: string): Promise<void> {
      await users.unblockUser({ userId }).catch(raise);
    },
    async getMe(): Promise<{ user: domain.User; email: string; role: domain.AccountRole; readReceipts: boolean }> {
      const { user, email, role, settings } = await users.getMe({}).catch(raise);
      return { user: convert.user(user), email, role: accountRole(role), readReceipts: settings?.readReceipts ?? true };
    },
    async setReadReceipts(readReceipts: boolean): Promise<void> {
      await users.updateSettings({ readReceipts }).catch(raise);
    },
    async getUser(userId: string): Promise<{ user: domain.User; presence: domain.Presence | undefined }> {
      const { user, presence } = await users.getUser({ userId }).catch(raise);
      return { user: convert.user(user), presence: presence && convert.presence(presence) };
    },
    async updateProfile(changes: ProfileChanges): Promise<domain.User> {
      return convert.user((await users.updateProfile(changes).catch(raise)).user);
    },
  };
}

function rooms(transport: Transport) {
  const rooms = createClient(RoomService, transport);
  return {
    async createRoom(name: string, topic: string, kind: "public" | "private", history: domain.History): Promise<domain.Room> {
      const request = { name, topic, kind: managing.wireKind(kind), history: managing.wireHistory(history) };
      const create = (idempotencyKey: string) => rooms.createRoom({ ...request, idempotencyKey }).catch(raise);
      return convert.room((await withKey(["createRoom", request], create)).room);
    },
    /** With how much is unread in each. */
    async listRooms(pageToken: string): Promise<domain.ListPage<domain.RoomSummary>> {
      const page = await rooms.listRooms({ pageToken, pageSize: 200 }).catch(raise);
      return { items: page.rooms.map(convert.summary), next: page.nextPageToken };
    },
    async openDirectRoom(userId: string): Promise<domain.Room> {
      return convert.room((await rooms.openDirectRoom({ userId }).catch(raise)).room);
    },
    async archiveRoom(roomId: string, archived: boolean): Promise<void> {
      await rooms.archiveRoom({ roomId, archived }).catch(raise);
    },
    async getRoom(roomId: string): Promise<domain.DirectoryRoom> {
      const { room, joined } = await rooms.getRoom({ roomId }).catch(raise);
      return { room: convert.room(room), joined };
    },
    async browseRooms(query: string, pageToken: string): Promise<domain.ListPage<domain.DirectoryRoom>> {
      const page = await rooms.browseRooms({ query, pageToken, pageSize: 50 }).catch(raise);
      const items = page.rooms.map(({ room, joined }) => ({ room: convert.room(room), joined }));
      return { items, next: page.nextPageToken };
    },
    async updateRoom(roomId: string, { history, ...changes }: RoomChanges): Promise<domain.Room> {
      const wire = { roomId, ...changes, ...(history && { history: managing.wireHistory(history) }) };
      return convert.room((await rooms.updateRoom(wire).catch(raise)).room);
    },
    async joinRoom(roomId: string): Promise<domain.Room> {
      return convert.room((await rooms.joinRoom({ roomId }).catch(raise)).room);
    },
    async leaveRoom(roomId: string): Promise<void> {
      await rooms.leaveRoom({ roomId }).catch(raise);
    },
    async listMembers(roomId: string, query: string, pageToken: string) {
      const page = await rooms.listMembers({ roomId, query, pageToken, pageSize: 100 }).catch(raise);
      const part: domain.ListPage<domain.Member> = { items: page.members.map(convert.member), next: page.nextPageToken };
      return { ...part, presences: page.presences.map(convert.presence) };
    },
    async updateRoomPreferences(
      roomId: string,
      changes: { level?: domain.NotificationLevel; muteForMs?: number; starred?: boolean },
    ): Promise<domain.RoomPreferences> {
      const { level, muteForMs, starred } = changes;
      const answer = await rooms
        .updateRoomPreferences({
          roomId,
          ...(level && { level: managing.wireLevel(level) }),
          ...(muteForMs !== undefined && { muteNotificationsFor: { seconds: BigInt(Math.floor(muteForMs / 1000)), nanos: 0 } }),
          ...(starred !== undefined && { starred }),
        })
        .catch(raise);
      return convert.settings(answer.preferences, roomId);
    },
    async createInvite(roomId: string, expiresInMs: number, maxUses: number): Promise<domain.Invite> {
      const expiresIn = { seconds: BigInt(Math.floor(expiresInMs / 1000)), nanos: 0 };
      const create = (idempotencyKey: string) => rooms.createInvite({ roomId, expiresIn, maxUses, idempotencyKey }).catch(raise);
      return managing.invite((await withKey(["createInvite", roomId, expiresInMs, maxUses], create)).invite);
    },
    async listInvites(roomId: string): Promise<domain.Invite[]> {
      return (await rooms.listInvites({ roomId }).catch(raise)).invites.map(managing.invite);
    },
    async revokeInvite(code: string): Promise<void> {
      await rooms.revokeInvite({ code }).catch(raise);
    },
    async getInvite(code: string): Promise<domain.Invitation> {
      const { roomName, roomTopic, memberCount, creator, joinedRoomId } = await rooms.getInvite({ code }).catch(raise);
      return { roomName, roomTopic, memberCount: Number(memberCount), creator: convert.user(creator), joinedRoomId };
    },
    async redeemInvite(code: string): Promise<domain.Room> {
      return convert.room((await rooms.redeemInvite({ code }).catch(raise)).room);
    },
    async addMembers(roomId: string, userIds: string[]): Promise<void> {
      await withKeyOnce(["addMembers", roomId, userIds], (idempotencyKey) =>
        rooms.addMembers({ roomId, userIds, idempotencyKey }).catch(raise),
      );
    },
    async removeMember(roomId: string, userId: string): Promise<void> {
      await rooms.removeMember({ roomId, userId }).catch(raise);
    },
    async banMember(roomId: string, userId: string): Promise<void> {
      await withKeyOnce(["banMember", roomId, userId], (idempotencyKey) =>
        rooms.banMember({ roomId, userId, idempotencyKey }).catch(raise),
      );
    },
    async unbanMember(roomId: string, userId: string): Promise<void> {
      await rooms.unbanMember({ roomId, userId }).catch(raise);
    },
    async listBans(roomId: string, pageToken: string): Promise<domain.ListPage<domain.Member>> {
      const page = await rooms.listBans({ roomId, pageToken }).catch(raise);
      return { items: page.members.map(convert.member), next: page.nextPageToken };
    },
    /** For so long from now; 0 lets them post again. */
    async muteMember(roomId: string, userId: string, forMs: number): Promise<void> {
      const duration = { seconds: BigInt(Math.floor(forMs / 1000)), nanos: 0 };
      await withKeyOnce(["muteMember", roomId, userId, forMs], (idempotencyKey) =>
        rooms.muteMember({ roomId, userId, duration, idempotencyKey }).catch(raise),
      );
    },
    async setMemberRole(roomId: string, userId: string, role: domain.Role): Promise<void> {
      await rooms.setMemberRole({ roomId, userId, role: managing.wireRole(role) }).catch(raise);
    },
  };
}

function marks(transport: Transport) {
  const chat = createClient(ChatService, transport);
  return {
    async renewToken(connectionId: string, accessToken: string): Promise<void> {
      await chat.renewToken({ connectionId, accessToken }).catch(raise);
    },
    async syncRoom(roomId: string, afterSeq: number, logId: string) {
      const answer = await chat.syncRoom({ roomId, afterSeq: BigInt(afterSeq), pageSize: 200, logId }).catch(raise);
      return { changes: answer.changes.map(convert.change), syncedSeq: Number(answer.syncedSeq) };
    },
    /** How the user wants to be seen, on all devices. */
    async choosePresence(connectionId: string, state: domain.PresenceState): Promise<void> {
      await chat.setPresence({ connectionId, state: managing.wirePresence(state) }).catch(raise);
    },
    async setIdle(connectionId: string, idle: boolean): Promise<void> {
      await chat.setPresence({ connectionId, idle }).catch(raise);
    },
    /** Flags the room as unread from a position on; 0 takes the flag away. */
    async markUnread(roomId: string, seq: number, logId: string): Promise<void> {
      await chat.markUnread({ roomId, seq: BigInt(seq), logId }).catch(raise);
    },
    async listReceipts(roomId: string, seq: number): Promise<domain.ReceiptReport> {
      const receiptReport = await chat.listReceipts({ roomId, seq: BigInt(seq) }).catch(raise);
      return {
        read: { count: receiptReport.readCount, more: receiptReport.readMore },
        delivered: { count: receiptReport.deliveredCount, more: receiptReport.deliveredMore },
        receipts: receiptReport.receipts.map(convert.receipt),
      };
    },
    async listVersions(roomId: string, seq: number): Promise<domain.Version[]> {
      const { versions } = await chat.listMessageVersions({ roomId, seq: BigInt(seq) }).catch(raise);
      return versions.map(({ text, writtenAt }) => ({ text, writtenAt: convert.millis(writtenAt) }));
    },
    async listMentions(pageToken: string): Promise<domain.ListPage<domain.Message>> {
      const page = await chat.listMentions({ pageToken, pageSize: 30 }).catch(raise);
      return { items: page.messages.map(convert.message), next: page.nextPageToken };
    },
    async searchMessages({ before, after, ...request }: domain.SearchRequest, pageToken: string): Promise<domain.ListPage<domain.Message>> {
      const at = (time: number) => ({ seconds: BigInt(Math.floor(time / 1000)), nanos: 0 });
      const span = { ...(after !== undefined && { after: at(after) }), ...(before !== undefined && { before: at(before) }) };
      const page = await chat.searchMessages({ ...request, fromUserId: request.fromUserId ?? "", ...span, pageToken, pageSize: 30 }).catch(raise);
      return { items: page.messages.map(convert.message), next: page.nextPageToken };
    },
  };
}

/** What is done with messages that are on the screen. */
function messages(transport: Transport) {
  const chat = createClient(ChatService, transport);
  return {
    async deleteMessage(roomId: string, seq: number, logId: string): Promise<domain.Message> {
      return messageFrom(await chat.deleteMessage({ roomId, seq: BigInt(seq), logId }).catch(raise));
    },
    async getMessage(roomId: string, seq: number): Promise<domain.Message> {
      return messageFrom(await chat.getMessage({ roomId, seq: BigInt(seq) }).catch(raise));
    },
    async markDelivered(roomId: string, seq: number): Promise<void> {
      await chat.markDelivered({ roomId, seq: BigInt(seq) }).catch(raise);
    },
    async setTyping(roomId: string, typing: boolean): Promise<void> {
      await chat.setTyping({ roomId, typing }).catch(raise);
    },
    async editMessage(roomId: string, seq: number, text: string, logId: string): Promise<domain.Message> {
      return messageFrom(await chat.editMessage({ roomId, seq: BigInt(seq), text, logId }).catch(raise));
    },
    async react(roomId: string, seq: number, emoji: string, on: boolean, logId: string): Promise<domain.Message> {
      const which = { roomId, seq: BigInt(seq), emoji, logId };
      return messageFrom(await (on ? chat.addReaction(which) : chat.removeReaction(which)).catch(raise));
    },
    async listReactions(roomId: string, seq: number, emoji: string, pageToken: string): Promise<domain.ListPage<domain.UserReaction>> {
      const page = await chat.listReactions({ roomId, seq: BigInt(seq), emoji, pageToken }).catch(raise);
      return { items: page.reactions.map(({ emoji, userId }) => ({ emoji, userId })), next: page.nextPageToken };
    },
    async pin(roomId: string, seq: number, on: boolean, logId: string): Promise<domain.Message> {
      const which = { roomId, seq: BigInt(seq), logId };
      return messageFrom(await (on ? chat.pinMessage(which) : chat.unpinMessage(which)).catch(raise));
    },
    async listPins(roomId: string): Promise<domain.Message[]> {
      return (await chat.listPins({ roomId }).catch(raise)).messages.map(convert.message);
    },
    async markThreadRead(roomId: string, threadSeq: number, seq: number): Promise<void> {
      await chat.markRead({ roomId, threadSeq: BigInt(threadSeq), seq: BigInt(seq) }).catch(raise);
    },
    /** The newest answers in a thread, or those before a position. */
    async listThread(roomId: string, threadSeq: number, before: number | undefined, pageSize = 0): Promise<domain.Thread> {
      const anchor = before === undefined ? { case: undefined } : { case: "beforeSeq" as const, value: BigInt(before) };
      const page = await chat.listThread({ roomId, threadSeq: BigInt(threadSeq), anchor, pageSize }).catch(raise);
      const messages = page.messages.map(convert.message);
      const { hasOlder, following, readSeq } = page;
      return { root: messageFrom({ message: page.root }), messages, hasOlder, following, readSeq: Number(readSeq) };
    },
  };
}
