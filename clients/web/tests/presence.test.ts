// Who is there, in the rooms that are on a screen.

import { createRoot } from "solid-js";
import { expect, test, vi } from "vitest";

import type { Message, Presence, PresenceState, RoomChange, RoomKind, RoomSummary, SystemKind, WatchedRoom } from "../src/domain/types";
import { applyUpdate } from "../src/stores/model/apply";
import { emptyModel } from "../src/stores/model/model";
import { createTypingRefresh, makesWatchedStale } from "../src/stores/model/staleness";

const user = (id: string) => ({ id, username: id, displayName: id, bio: "", statusText: "", createdAt: 0, photoId: "" });
const presence = (userId: string, state: PresenceState = "online"): Presence => ({ userId, state, lastSeenAt: 0 });

function summary(id: string, memberCount: number, kind: RoomKind = "public"): RoomSummary {
  const room = {
    id, kind, name: id, topic: "", creatorId: "", createdAt: 0, memberCount, changedSeq: 1, headSeq: 5,
    archivedAt: 0, directUserIds: [], pictureId: "", history: "fromStart", joinNewAccounts: false, logId: "log",
  } as const;
  const settings = { roomId: id, level: "all", mutedUntil: 0, starred: false } as const;
  return { room, role: "member", mutedUntil: 0, readSeq: 5, unreadCount: 0, unreadMore: false, unreadMentions: 0, unreadThreads: 0, unreadFrom: 0, settings, lastMessage: undefined };
}

function watched(roomId: string, memberCount: number, online: string[], marks: string[]): WatchedRoom {
  const receipts = marks.map((userId) => ({ roomId, userId, deliveredSeq: 0, readSeq: 0 }));
  return { roomId, memberCount, onlineCount: online.length, presences: online.map((id) => presence(id)), typing: [], receipts };
}

function room(memberCount = 3) {
  const model = emptyModel(user("me"));
  applyUpdate(model, { kind: "roomAdded", summary: summary("r", memberCount) });
  return { model, view: () => model.rooms.get("r")! };
}

function member(state: "joined" | "left", id: string): RoomChange {
  return {
    roomId: "r", seq: 6, afterSeq: 5, message: undefined, room: undefined,
    member: { user: user(id), role: "member", state, changedSeq: 6, mutedUntil: 0 },
  };
}

test("who comes and goes is counted while a small room is watched", () => {
  const { model, view } = room();
  applyUpdate(model, { kind: "watched", rooms: [watched("r", 3, ["me"], ["me", "ada", "bob"])] });
  expect(view().onlineCount).toBe(1);
  expect(applyUpdate(model, { kind: "presence", presence: presence("ada") })).toContain("room:r");
  expect(view().onlineCount).toBe(2);
  applyUpdate(model, { kind: "presence", presence: presence("bob", "away") });
  expect(view().onlineCount).toBe(3);
  applyUpdate(model, { kind: "presence", presence: presence("ada", "offline") });
  applyUpdate(model, { kind: "presence", presence: presence("someone elsewhere") });
  expect(view().onlineCount).toBe(2);
  applyUpdate(model, { kind: "change", change: member("left", "bob") });
  expect(view().onlineCount).toBe(1);
});

test("whoever is not there when a room is watched again has gone, in small rooms only", () => {
  const { model, view } = room();
  applyUpdate(model, { kind: "watched", rooms: [watched("r", 3, ["me", "ada"], ["me", "ada", "bob"])] });
  expect(applyUpdate(model, { kind: "watched", rooms: [watched("r", 3, ["me"], ["me", "ada", "bob"])] })).toContain("presence:ada");
  expect([model.presences.get("ada")?.state, view().onlineCount]).toEqual(["offline", 1]);
  // What the server does not tell of large rooms says nothing.
  applyUpdate(model, { kind: "watched", rooms: [{ ...watched("r", 900, [], []), onlineCount: 40 }] });
  expect([model.presences.get("me")?.state, view().onlineCount]).toEqual(["online", 40]);
  expect(applyUpdate(model, { kind: "presence", presence: presence("ada") })).toEqual(["presence:ada"]);
  expect(view().onlineCount).toBe(40);
});

test("an answer of how a room is that is older than what was told since moves no mark back", () => {
  const { model, view } = room();
  const read = (readSeq: number) => ({ roomId: "r", userId: "ada", deliveredSeq: 5, readSeq });
  applyUpdate(model, { kind: "receipt", receipt: read(5) });
  applyUpdate(model, { kind: "watched", rooms: [{ ...watched("r", 3, [], []), receipts: [read(4)] }] });
  expect(view().receipts.get("ada")).toEqual(read(5));
  applyUpdate(model, { kind: "watched", rooms: [{ ...watched("r", 3, [], []), receipts: [read(0)] }] });
  expect(view().receipts.get("ada"), "kept secret from now on").toEqual(read(0));
  // Another store, where positions begin anew.
  applyUpdate(model, { kind: "roomAdded", summary: { ...summary("r", 3), room: { ...summary("r", 3).room, headSeq: 2 } } });
  expect(view().receipts.size).toBe(0);
});

test("after a ban, or with somebody who may be a member, the watched rooms are asked for anew", () => {
  const { model } = room();
  const ban = (what: SystemKind) => {
    const content = { kind: "system", what, detail: "", aboutId: "bob" } as const;
    return { kind: "change", change: { roomId: "r", seq: 6, afterSeq: 5, message: { seq: 6, content } as Message, member: undefined, room: undefined } } as const;
  };
  const comes = { kind: "presence", presence: presence("eve") } as const;
  expect([ban("banned"), comes].map((it) => makesWatchedStale(model, it)), "while nobody looks").toEqual([false, false]);
  applyUpdate(model, { kind: "watched", rooms: [watched("r", 3, ["me"], ["me", "ada"])] });
  expect([ban("banned"), ban("removed"), comes].map((it) => makesWatchedStale(model, it))).toEqual([true, false, true]);
  expect(makesWatchedStale(model, { kind: "presence", presence: presence("eve", "offline") })).toBe(false);
  applyUpdate(model, { kind: "watched", rooms: [watched("r", 3, ["me"], ["me", "ada", "bob"])] });
  expect(makesWatchedStale(model, comes), "all members are known").toBe(false);
});

test("whoever types for long is looked at again, as long as they seem to", () => {
  vi.useFakeTimers();
  const { model } = room();
  let looked = 0;
  const [after, end] = createRoot((end) => [createTypingRefresh({ model, tabs: { leads: true, refreshWatchedRooms: () => looked++ } }), end] as const);
  const types = (userId: string, typing: boolean) => {
    applyUpdate(model, { kind: "typing", roomId: "r", userId, typing });
    after();
  };
  types("ada", true);
  vi.advanceTimersByTime(29_000);
  types("bob", true);
  types("ada", false);
  vi.advanceTimersByTime(30_000);
  expect(looked, "neither for so long").toBe(0);
  vi.advanceTimersByTime(60_000);
  expect(looked).toBe(2);
  types("bob", false);
  vi.advanceTimersByTime(600_000);
  expect(looked).toBe(2);
  end();
  vi.useRealTimers();
});
