// What a user may do in a room: by their role there, and in public rooms by that on the server.

import { createRoot } from "solid-js";
import { expect, test } from "vitest";

import type { AccountRole, Role, RoomKind, RoomSummary } from "../src/domain/types";
import { applyUpdate } from "../src/stores/model/apply";
import { emptyModel } from "../src/stores/model/model";
import { createRooms } from "../src/stores/rooms/rooms";
import { Topics } from "../src/stores/model/topics";

const ME = { id: "me", username: "me", displayName: "Me", bio: "", statusText: "", createdAt: 0, photoId: "" };

function rights(kind: RoomKind, role: Role, accountRole: AccountRole, archivedAt = 0) {
  const model = emptyModel(ME);
  const room = {
    id: "r", kind, name: "r", topic: "", createdAt: 0, memberCount: 2, changedSeq: 1, headSeq: 5,
    archivedAt, directUserIds: [], pictureId: "", history: "fromStart", joinNewAccounts: false, logId: "log",
  } as const;
  const settings = { roomId: "r", level: "all", mutedUntil: 0, starred: false } as const;
  const summary: RoomSummary = { room, role, mutedUntil: 0, readSeq: 5, unreadCount: 0, unreadMore: false, unreadMentions: 0, unreadThreads: 0, unreadFrom: 0, settings, lastMessage: undefined };
  applyUpdate(model, { kind: "roomAdded", summary });
  return createRoot((dispose) => {
    const rooms = createRooms({ api: {} as never, model, topics: new Topics(), user: () => undefined, accountRole: () => accountRole, broadcastBlocked: () => undefined, loadBlocks: () => undefined });
    const found = rooms.permissions("r");
    dispose();
    return Object.entries(found).filter(([, may]) => may).map(([name]) => name).sort();
  });
}

test("the server's staff keeps order in public rooms, and in no others", () => {
  const plain = ["write"];
  expect(rights("public", "member", "user")).toEqual(plain);
  expect(rights("public", "member", "moderator")).toEqual(["moderate", "pin", "write"]);
  expect(rights("public", "member", "admin")).toEqual(["archive", "chooseForNewAccounts", "edit", "moderate", "pin", "write"]);
  for (const role of ["moderator", "admin"] as const) {
    expect(rights("private", "member", role)).toEqual(plain);
    expect(rights("direct", "member", role)).toEqual(["pin", "write"]);
  }
  expect(rights("public", "member", "admin", 1)).toEqual(["archive"]);
  expect(rights("public", "owner", "user")).toEqual(["archive", "edit", "manage", "moderate", "own", "pin", "write"]);
  expect(rights("private", "admin", "user")).toEqual(["edit", "manage", "moderate", "pin", "write"]);
});
