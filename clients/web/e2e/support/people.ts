// People who use the server without a browser, to fill rooms and to be talked to.

import { createHash } from "node:crypto";

import { createClient } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-web";

import { AdminService } from "../../src/gen/causerie/v1/admin_pb";
import { AuthService } from "../../src/gen/causerie/v1/auth_pb";
import { ChatService } from "../../src/gen/causerie/v1/chat_pb";
import { FileService } from "../../src/gen/causerie/v1/files_pb";
import { RoomService } from "../../src/gen/causerie/v1/rooms_pb";
import { UserService } from "../../src/gen/causerie/v1/users_pb";

export const PASSWORD = "quiet-otter-plays-42";

export type Person = Awaited<ReturnType<typeof person>>;

/** Someone with an account; signs in if there is one already. */
export async function person(url: string, username: string, displayName = username) {
  let token = "";
  const transport = createGrpcWebTransport({
    baseUrl: url,
    interceptors: [
      (next) => (request) => {
        if (token) request.header.set("authorization", `Bearer ${token}`);
        return next(request);
      },
    ],
  });
  const auth = createClient(AuthService, transport);
  const answer = await auth
    .register({ username, displayName, password: PASSWORD })
    .catch(() => auth.login({ login: username, password: PASSWORD }));
  token = answer.session?.accessToken ?? "";
  const rooms = createClient(RoomService, transport);
  const chat = createClient(ChatService, transport);
  const files = createClient(FileService, transport);
  let sent = 0;
  return {
    id: answer.user?.id ?? "",
    username,
    displayName,
    users: createClient(UserService, transport),
    rooms,
    chat,
    /** Only works for the server's admins, of whom the first account is one. */
    admin: createClient(AdminService, transport),
    /** The id of the file. */
    async upload(name: string, bytes: Buffer): Promise<string> {
      const { upload } = await files.startUpload({ name, sizeBytes: BigInt(bytes.length) });
      const uploadId = upload?.id ?? "";
      for (let at = 0; at < bytes.length; at += 512 * 1024) {
        await files.uploadChunk({ uploadId, offset: BigInt(at), data: bytes.subarray(at, at + 512 * 1024) });
      }
      await files.finishUpload({ uploadId, sha256: createHash("sha256").update(bytes).digest() });
      return uploadId;
    },
    async room(name: string): Promise<string> {
      const { rooms: found } = await rooms.browseRooms({ query: name.slice(0, 64) });
      const room = found.find((it) => it.room?.name === name)?.room ?? (await rooms.createRoom({ name })).room;
      await rooms.joinRoom({ roomId: room?.id ?? "" });
      return room?.id ?? "";
    },
    /** In the room, or in one of its threads. */
    async say(roomId: string, text: string, threadSeq = 0): Promise<number> {
      const clientMessageId = `${username}-${Date.now()}-${++sent}`;
      const { message } = await chat.sendMessage({ roomId, text, clientMessageId, threadSeq: BigInt(threadSeq) });
      return Number(message?.seq ?? 0);
    },
  };
}
