// Of which messages one is told while one looks elsewhere.

import { expect, test } from "vitest";

import type { Message, RoomSummary } from "../src/domain/types";
import { applyUpdate } from "../src/stores/model/apply";
import { createNotificationFilter } from "../src/stores/notifications/notification-filter";
import { emptyModel } from "../src/stores/model/model";
import type { Update } from "../src/sync/update";

const ME = { id: "me", username: "me", displayName: "Me", bio: "", statusText: "", createdAt: 0, photoId: "" };

function summary(id: string): RoomSummary {
  const room = {
    id, kind: "public", name: id, topic: "", creatorId: "", createdAt: 0, memberCount: 2, changedSeq: 1, headSeq: 5,
    archivedAt: 0, directUserIds: [], pictureId: "", history: "fromStart", joinNewAccounts: false, logId: "log",
  } as const;
  const settings = { roomId: id, level: "all", mutedUntil: 0, starred: false } as const;
  return { room, role: "member", mutedUntil: 0, readSeq: 5, unreadCount: 0, unreadMore: false, unreadMentions: 0, unreadThreads: 0, unreadFrom: 0, settings, lastMessage: undefined };
}

function page() {
  const model = emptyModel(ME);
  const told: string[] = [];
  const arrivals = createNotificationFilter({
    model,
    followsThread: () => Promise.resolve(false),
    notify: ({ roomId, seq }) => told.push(`${roomId} ${seq}`),
  });
  const hear = (...updates: Update[]) => {
    for (const update of updates) applyUpdate(model, update);
    arrivals(updates);
  };
  for (const id of ["a", "b"]) hear({ kind: "roomAdded", summary: summary(id) });
  return { hear, told };
}

/** A message, perhaps as a reaction at another position has left it. */
function posted(roomId: string, seq: number, at = seq, knownSeq?: number): Update {
  const message: Message = {
    roomId, seq, senderId: "you", postedAt: seq, changedSeq: at, clientMessageId: "", content: { kind: "text", text: "text" }, replyTo: 0, editedAt: 0,
    reactions: [], pin: undefined, mentions: [], attachments: [], threadSeq: 0, thread: undefined,
  };
  const change = { roomId, seq: at, afterSeq: at - 1, message, member: undefined, room: undefined };
  return { kind: "change", change, ...(knownSeq !== undefined && { knownSeq }) };
}

const live: Update = { kind: "connection", state: { kind: "live" } };
const catchingUp: Update = { kind: "connection", state: { kind: "catchingUp" } };

test("what was missed is told when the stream is live again: of each room the newest, if it was not read elsewhere", () => {
  const { hear, told } = page();
  hear(live, posted("a", 6));
  expect(told).toEqual(["a 6"]);
  hear(catchingUp, posted("a", 7), posted("a", 8), posted("b", 6));
  expect(told).toHaveLength(1);
  hear({ kind: "readMarker", roomId: "b", userId: "me", readSeq: 6, threadSeq: 0, unreadFrom: 0 }, live);
  expect(told).toEqual(["a 6", "a 8"]);
  hear(live);
  expect(told).toHaveLength(2);
});

test("nothing is told of one with whom the user has a block, whoever has made it", () => {
  const { hear, told } = page();
  hear(live, { kind: "apart", userIds: ["you"] }, posted("a", 6));
  expect(told).toEqual([]);
  hear({ kind: "apart", userIds: [] }, posted("a", 7));
  expect(told).toEqual(["a 7"]);
});

test("what got a reaction while one was away is new, and what was known before is not", () => {
  const { hear, told } = page();
  hear(catchingUp, posted("a", 3, 7, 5), posted("b", 6, 9, 5), live);
  expect(told).toEqual(["b 6"]);
  hear(posted("b", 6, 10), posted("a", 8));
  expect(told).toEqual(["b 6", "a 8"]);
});
