// Every call of a session, in nouns. All throw Failure.

import { createClient, type Client, type Transport } from "@connectrpc/connect";

import { AuthService } from "../gen/causerie/v1/auth_pb";
import { ChatService, type ListMessagesRequest } from "../gen/causerie/v1/chat_pb";
import { RoomService } from "../gen/causerie/v1/rooms_pb";
import { UserService } from "../gen/causerie/v1/users_pb";
import type * as nouns from "../nouns";
import * as convert from "./convert";
import { eventFrom, type Event } from "./events";
import { failureFrom } from "./failures";
import { signedTransport, type TokenSource } from "./transport";

export type Api = ReturnType<typeof createApi>;

export function createApi(origin: string, source: TokenSource) {
  const transport = signedTransport(origin, source);
  return {
    ...account(transport),
    ...rooms(transport),
    ...messages(transport),
    ...connection(transport),
  };
}

export interface ProfileChanges {
  readonly displayName?: string;
  readonly bio?: string;
  readonly statusText?: string;
}

function account(transport: Transport) {
  const auth = createClient(AuthService, transport);
  const users = createClient(UserService, transport);
  return {
    async logout(): Promise<void> {
      await auth.logout({}).catch(raise);
    },
    async changePassword(oldPassword: string, newPassword: string): Promise<number> {
      return (await auth.changePassword({ oldPassword, newPassword }).catch(raise)).endedSessions;
    },
    async getMe(): Promise<{ user: nouns.User; email: string }> {
      const { user, email } = await users.getMe({}).catch(raise);
      return { user: convert.user(user), email };
    },
    async getUser(userId: string): Promise<{ user: nouns.User; presence: nouns.Presence | undefined }> {
      const { user, presence } = await users.getUser({ userId }).catch(raise);
      return { user: convert.user(user), presence: presence && convert.presence(presence) };
    },
    async getUsers(userIds: string[]): Promise<nouns.User[]> {
      return (await users.batchGetUsers({ userIds }).catch(raise)).users.map(convert.user);
    },
    async updateProfile(changes: ProfileChanges): Promise<nouns.User> {
      return convert.user((await users.updateProfile(changes).catch(raise)).user);
    },
  };
}

function rooms(transport: Transport) {
  const rooms = createClient(RoomService, transport);
  return {
    async createRoom(name: string, topic: string): Promise<nouns.Room> {
      return convert.room((await rooms.createRoom({ name, topic }).catch(raise)).room);
    },
    async getRoom(roomId: string): Promise<nouns.DirectoryRoom> {
      const { room, joined } = await rooms.getRoom({ roomId }).catch(raise);
      return { room: convert.room(room), joined };
    },
    async browseRooms(query: string, pageToken: string): Promise<nouns.Part<nouns.DirectoryRoom>> {
      const page = await rooms.browseRooms({ query, pageToken, pageSize: 50 }).catch(raise);
      const items = page.rooms.map(({ room, joined }) => ({ room: convert.room(room), joined }));
      return { items, next: page.nextPageToken };
    },
    async updateRoom(roomId: string, changes: { name?: string; topic?: string }): Promise<nouns.Room> {
      return convert.room((await rooms.updateRoom({ roomId, ...changes }).catch(raise)).room);
    },
    async joinRoom(roomId: string): Promise<nouns.Room> {
      return convert.room((await rooms.joinRoom({ roomId }).catch(raise)).room);
    },
    async leaveRoom(roomId: string): Promise<void> {
      await rooms.leaveRoom({ roomId }).catch(raise);
    },
    async listMembers(roomId: string, query: string, pageToken: string) {
      const page = await rooms.listMembers({ roomId, query, pageToken, pageSize: 100 }).catch(raise);
      const part: nouns.Part<nouns.Member> = { items: page.members.map(convert.member), next: page.nextPageToken };
      return { ...part, presences: page.presences.map(convert.presence) };
    },
  };
}

function messages(transport: Transport) {
  const chat = createClient(ChatService, transport);
  return {
    async sendMessage({ roomId, text, clientMessageId }: nouns.Unsent): Promise<nouns.Message> {
      const { message } = await chat.sendMessage({ roomId, text, clientMessageId }).catch(raise);
      if (!message) throw failureFrom(new Error("the answer carries no message"));
      return convert.message(message);
    },
    /** The newest page without an anchor. */
    async listMessages(roomId: string, anchor: nouns.Anchor | undefined, pageSize: number): Promise<nouns.Page> {
      const page = await chat.listMessages({ roomId, anchor: wireAnchor(anchor), pageSize }).catch(raise);
      return {
        messages: page.messages.map(convert.message),
        hasOlder: page.hasOlder,
        hasNewer: page.hasNewer,
        headSeq: Number(page.headSeq),
      };
    },
    async markRead(roomId: string, seq: number): Promise<number> {
      return Number((await chat.markRead({ roomId, seq: BigInt(seq) }).catch(raise)).readSeq);
    },
    async setTyping(roomId: string, typing: boolean): Promise<void> {
      await chat.setTyping({ roomId, typing }).catch(raise);
    },
  };
}

function connection(transport: Transport) {
  const chat = createClient(ChatService, transport);
  return {
    subscribe: (resume: ReadonlyMap<string, number>, epoch: string, signal: AbortSignal) =>
      subscribe(chat, resume, epoch, signal),
    async watchRooms(connectionId: string, roomIds: string[]): Promise<nouns.WatchedRoom[]> {
      return (await chat.watchRooms({ connectionId, roomIds }).catch(raise)).rooms.map(convert.watched);
    },
    async setPresence(connectionId: string, state: nouns.PresenceState): Promise<void> {
      await chat.setPresence({ connectionId, state: convert.wirePresence(state) }).catch(raise);
    },
    async renewToken(connectionId: string, accessToken: string): Promise<void> {
      await chat.renewToken({ connectionId, accessToken }).catch(raise);
    },
    async syncRoom(roomId: string, afterSeq: number) {
      const answer = await chat.syncRoom({ roomId, afterSeq: BigInt(afterSeq), pageSize: 200 }).catch(raise);
      return { changes: answer.changes.map(convert.change), syncedSeq: Number(answer.syncedSeq) };
    },
  };
}

/** The events of one stream, in the batches in which they came. */
async function* subscribe(
  chat: Client<typeof ChatService>,
  positions: ReadonlyMap<string, number>,
  epoch: string,
  signal: AbortSignal,
): AsyncGenerator<Event[]> {
  const resume = Object.fromEntries([...positions].map(([room, seq]) => [room, BigInt(seq)]));
  try {
    // A stream has no end of its own, so it has no time limit either.
    for await (const { events } of chat.subscribe({ resume, epoch }, { signal, timeoutMs: 0 })) {
      yield events.map(eventFrom).filter((event) => event !== undefined);
    }
  } catch (error) {
    throw failureFrom(error);
  }
}

function wireAnchor(anchor: nouns.Anchor | undefined): ListMessagesRequest["anchor"] {
  if (!anchor) return { case: undefined };
  if ("before" in anchor) return { case: "beforeSeq", value: BigInt(anchor.before) };
  if ("after" in anchor) return { case: "afterSeq", value: BigInt(anchor.after) };
  return { case: "aroundSeq", value: BigInt(anchor.around) };
}

function raise(error: unknown): never {
  throw failureFrom(error);
}
