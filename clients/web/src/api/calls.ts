// Every call of a session, in nouns. All throw Failure.

import type { MessageInitShape } from "@bufbuild/protobuf";
import { createClient, type Client, type Transport } from "@connectrpc/connect";

import { ChatService, type ListMessagesRequestSchema } from "../gen/causerie/v1/chat_pb";
import type { Message as WireMessage } from "../gen/causerie/v1/types_pb";
import { UserService } from "../gen/causerie/v1/users_pb";
import type * as nouns from "../nouns";
import * as convert from "./convert";
import { eventFrom, type Event } from "./events";
import { failureFrom, raise } from "./failures";
import { MANAGE, fetched, later } from "./later";
import { signedTransport, type TokenSource } from "./transport";

export type Api = ReturnType<typeof createApi>;

export function createApi(origin: string, source: TokenSource) {
  const transport = signedTransport(origin, source);
  const manage = fetched(() => import("./manage").then(({ manageApi }) => manageApi(transport)));
  const files = fetched(() => import("./files").then(({ filesApi }) => filesApi(transport)));
  return {
    ...people(transport),
    ...messages(transport),
    ...connection(transport),
    ...later(manage, MANAGE),
    files,
    /** What fetches the code that comes with the first call. */
    late: [manage, files] as const,
  };
}

function people(transport: Transport) {
  const users = createClient(UserService, transport);
  return {
    async listBlockedUsers(pageToken: string): Promise<nouns.Part<nouns.User>> {
      const page = await users.listBlockedUsers({ pageToken, pageSize: 200 }).catch(raise);
      return { items: page.users.map(convert.user), next: page.nextPageToken };
    },
    async getUsers(userIds: string[]): Promise<nouns.User[]> {
      return (await users.batchGetUsers({ userIds }).catch(raise)).users.map(convert.user);
    },
  };
}

function messages(transport: Transport) {
  const chat = createClient(ChatService, transport);
  return {
    async sendMessage({ roomId, text, clientMessageId, replyTo, threadSeq, attachmentIds }: nouns.Unsent): Promise<nouns.Message> {
      // What an older version of this client has kept may have neither.
      const where = { replyToSeq: BigInt(replyTo ?? 0), threadSeq: BigInt(threadSeq ?? 0), attachmentIds: [...(attachmentIds ?? [])] };
      return one(await chat.sendMessage({ roomId, text, clientMessageId, ...where }).catch(raise));
    },
    async editMessage(roomId: string, seq: number, text: string): Promise<nouns.Message> {
      return one(await chat.editMessage({ roomId, seq: BigInt(seq), text }).catch(raise));
    },
    async deleteMessage(roomId: string, seq: number): Promise<nouns.Message> {
      return one(await chat.deleteMessage({ roomId, seq: BigInt(seq) }).catch(raise));
    },
    async react(roomId: string, seq: number, emoji: string, on: boolean): Promise<nouns.Message> {
      const which = { roomId, seq: BigInt(seq), emoji };
      return one(await (on ? chat.addReaction(which) : chat.removeReaction(which)).catch(raise));
    },
    async pin(roomId: string, seq: number, on: boolean): Promise<nouns.Message> {
      const which = { roomId, seq: BigInt(seq) };
      return one(await (on ? chat.pinMessage(which) : chat.unpinMessage(which)).catch(raise));
    },
    async listPins(roomId: string): Promise<nouns.Message[]> {
      return (await chat.listPins({ roomId }).catch(raise)).messages.map(convert.message);
    },
    async getMessage(roomId: string, seq: number): Promise<nouns.Message> {
      return one(await chat.getMessage({ roomId, seq: BigInt(seq) }).catch(raise));
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
    async markDelivered(roomId: string, seq: number): Promise<void> {
      await chat.markDelivered({ roomId, seq: BigInt(seq) }).catch(raise);
    },
    /** The newest answers in a thread, or those before a position. */
    async listThread(roomId: string, threadSeq: number, before: number | undefined, pageSize = 0): Promise<nouns.Thread> {
      const anchor = before === undefined ? { case: undefined } : { case: "beforeSeq" as const, value: BigInt(before) };
      const page = await chat.listThread({ roomId, threadSeq: BigInt(threadSeq), anchor, pageSize }).catch(raise);
      const messages = page.messages.map(convert.message);
      const { hasOlder, following, readSeq } = page;
      return { root: one({ message: page.root }), messages, hasOlder, following, readSeq: Number(readSeq) };
    },
    async markThreadRead(roomId: string, threadSeq: number, seq: number): Promise<void> {
      await chat.markRead({ roomId, threadSeq: BigInt(threadSeq), seq: BigInt(seq) }).catch(raise);
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
    /** How the user wants to be seen, on all devices. */
    async choosePresence(connectionId: string, state: nouns.PresenceState): Promise<void> {
      await chat.setPresence({ connectionId, state: convert.wirePresence(state) }).catch(raise);
    },
    async setIdle(connectionId: string, idle: boolean): Promise<void> {
      await chat.setPresence({ connectionId, idle }).catch(raise);
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

function wireAnchor(anchor: nouns.Anchor | undefined): NonNullable<MessageInitShape<typeof ListMessagesRequestSchema>["anchor"]> {
  if (!anchor) return { case: undefined };
  if ("before" in anchor) return { case: "beforeSeq", value: BigInt(anchor.before) };
  if ("after" in anchor) return { case: "afterSeq", value: BigInt(anchor.after) };
  if ("around" in anchor) return { case: "aroundSeq", value: BigInt(anchor.around) };
  return { case: "aroundTime", value: { seconds: BigInt(Math.floor(anchor.aroundTime / 1000)) } };
}

function one({ message }: { readonly message?: WireMessage | undefined }): nouns.Message {
  if (!message) throw failureFrom(new Error("the answer carries no message"));
  return convert.message(message);
}
