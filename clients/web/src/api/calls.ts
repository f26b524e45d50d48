// Every call of a session, in domain. All throw Failure.

import type { MessageInitShape } from "@bufbuild/protobuf";
import { createClient, type Client, type Transport } from "@connectrpc/connect";

import { ChatService, type ListMessagesRequestSchema } from "../gen/causerie/v1/chat_pb";
import type { Message as WireMessage } from "../gen/causerie/v1/types_pb";
import type * as domain from "../domain/types";
import * as convert from "./convert";
import { eventFrom, type Event } from "./events";
import { failureFrom, raise } from "./failures";
import { MANAGE_CALLS, deferred, deferCalls } from "./deferred-calls";
import { signedTransport, type TokenSource } from "./transport";

export type Api = ReturnType<typeof createApi>;

export function createApi(origin: string, source: TokenSource) {
  const transport = signedTransport(origin, source);
  const manage = deferred(() => import("./manage").then(({ manageApi }) => manageApi(transport)));
  const files = deferred(() => import("./files").then(({ filesApi }) => filesApi(transport)));
  return {
    ...messages(transport),
    ...connection(transport),
    ...deferCalls(manage, MANAGE_CALLS),
    files,
    /** What fetches the code that comes with the first call. */
    loaders: [manage, files] as const,
  };
}

function messages(transport: Transport) {
  const chat = createClient(ChatService, transport);
  return {
    async sendMessage({ roomId, text, clientMessageId, replyTo, threadSeq, attachmentIds }: domain.Unsent): Promise<domain.Message> {
      // What an older version of this client has kept may have neither.
      const where = { replyToSeq: BigInt(replyTo ?? 0), threadSeq: BigInt(threadSeq ?? 0), attachmentIds: [...(attachmentIds ?? [])] };
      return messageFrom(await chat.sendMessage({ roomId, text, clientMessageId, ...where }).catch(raise));
    },
    /** The newest page without an anchor. */
    async listMessages(roomId: string, anchor: domain.Anchor | undefined, pageSize: number): Promise<domain.Page> {
      const page = await chat.listMessages({ roomId, anchor: wireAnchor(anchor), pageSize }).catch(raise);
      return {
        messages: page.messages.map(convert.message),
        hasOlder: page.hasOlder,
        hasNewer: page.hasNewer,
        headSeq: Number(page.headSeq),
      };
    },
    async markRead(roomId: string, seq: number, logId: string): Promise<number> {
      return Number((await chat.markRead({ roomId, seq: BigInt(seq), logId }).catch(raise)).readSeq);
    },
  };
}

function connection(transport: Transport) {
  const chat = createClient(ChatService, transport);
  return {
    subscribe: (positions: ReadonlyMap<string, domain.Position>, signal: AbortSignal, stateToken?: Uint8Array) =>
      subscribe(chat, positions, signal, stateToken),
    async watchRooms(connectionId: string, roomIds: string[]): Promise<domain.WatchedRoom[]> {
      return (await chat.watchRooms({ connectionId, roomIds }).catch(raise)).rooms.map(convert.watched);
    },
  };
}

/** What one request of 1 MiB has space for. */
const MAX_POSITIONS = 12_000;

/** The events of one stream, in the batches in which they came. */
async function* subscribe(
  chat: Client<typeof ChatService>,
  cursors: ReadonlyMap<string, domain.Position>,
  signal: AbortSignal,
  stateToken: Uint8Array = new Uint8Array(),
): AsyncGenerator<Event[]> {
  // Rooms beyond these are told of anew.
  const rooms = [...cursors].slice(-MAX_POSITIONS);
  const positions = rooms.map(([roomId, { seq, logId }]) => ({ roomId, seq: BigInt(seq), logId }));
  try {
    // A stream has no end of its own, so it has no time limit either.
    for await (const { events } of chat.subscribe({ positions, stateToken }, { signal, timeoutMs: 0 })) {
      yield events.map(eventFrom).filter((event) => event !== undefined);
    }
  } catch (error) {
    throw failureFrom(error);
  }
}

function wireAnchor(anchor: domain.Anchor | undefined): NonNullable<MessageInitShape<typeof ListMessagesRequestSchema>["anchor"]> {
  if (!anchor) return { case: undefined };
  if ("before" in anchor) return { case: "beforeSeq", value: BigInt(anchor.before) };
  if ("after" in anchor) return { case: "afterSeq", value: BigInt(anchor.after) };
  if ("around" in anchor) return { case: "aroundSeq", value: BigInt(anchor.around) };
  return { case: "aroundTime", value: { seconds: BigInt(Math.floor(anchor.aroundTime / 1000)) } };
}

export function messageFrom({ message }: { readonly message?: WireMessage | undefined }): domain.Message {
  if (!message) throw failureFrom(new Error("the answer carries no message"));
  return convert.message(message);
}
