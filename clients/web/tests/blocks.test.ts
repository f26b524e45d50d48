// Who has a block with the user is seen, and calls nobody.

import { createRoot } from "solid-js";
import { expect, test } from "vitest";

import type { Message } from "../src/domain/types";
import { applyUpdate } from "../src/stores/model/apply";
import { emptyModel } from "../src/stores/model/model";
import { createRooms } from "../src/stores/rooms/rooms";
import { Topics } from "../src/stores/model/topics";

const ME = { id: "me", username: "me", displayName: "Me", bio: "", statusText: "", createdAt: 0, photoId: "" };

test("a message of somebody with whom there is a block does not call the user", () => {
  const model = emptyModel(ME);
  const message = { senderId: "eve", mentions: [{ userId: "me", name: "me", all: false }] } as unknown as Message;
  createRoot((dispose) => {
    const rooms = createRooms({ api: {} as never, model, topics: new Topics(), user: () => undefined, accountRole: () => "user", broadcastBlocked: () => undefined, loadBlocks: () => undefined });
    expect(rooms.mentionsMe(message)).toBe(true);
    expect(applyUpdate(model, { kind: "apart", userIds: ["eve"] })).toContain("blocked");
    expect(rooms.mentionsMe(message)).toBe(false);
    applyUpdate(model, { kind: "apart", userIds: [] });
    expect(rooms.mentionsMe(message)).toBe(true);
    dispose();
  });
});
