// Profiles and blocks that change while they are shown.

import { createRoot } from "solid-js";
import { describe, expect, test, vi } from "vitest";

import type { Message, User } from "../src/domain/types";
import { applyUpdate, applyMe, applyUsers } from "../src/stores/model/apply";
import { createBlocks } from "../src/stores/people/blocks";
import { emptyModel } from "../src/stores/model/model";
import { createUserRefresh } from "../src/stores/people/user-refresh";
import { takeSnapshot } from "../src/stores/model/snapshot";
import { typingText } from "../src/ui/timeline/typing-text";

const user = (id: string, displayName: string, version: number): User => ({
  id, username: id, displayName, bio: "", statusText: "", createdAt: 0, photoId: "", version,
});
const ME = user("me", "Me", 3);
const ready = (epoch: string, me: User) => ({ kind: "ready", me, epoch, choice: "online" }) as const;
const told = (it: User) => ({ kind: "user", user: it }) as const;

describe("a changed profile", () => {
  test("is shown at once, and an older state never replaces it", () => {
    const model = emptyModel(ME);
    applyUsers(model, [user("bob", "Bob", 1)]);
    expect(applyUpdate(model, told(user("bob", "Robert", 3)))).toContain("user:bob");
    expect(applyUsers(model, [user("bob", "Bobby", 2)])).toEqual([]);
    expect(model.users.get("bob")?.displayName).toBe("Robert");
    applyUsers(model, [user("bob", "Rob", 4)]);
    expect(model.users.get("bob")?.displayName).toBe("Rob");
  });

  test("may be the user's own, from another device", () => {
    const model = emptyModel(ME);
    expect(applyUpdate(model, told(user("me", "Myself", 5)))).toEqual(expect.arrayContaining(["me", "user:me"]));
    // The answer of a call that was made before.
    expect(applyMe(model, user("me", "I", 4))).toEqual([]);
    expect(model.me.displayName).toBe("Myself");
  });

  test("counts anew in another store, whoever tells of it", () => {
    const model = emptyModel(ME);
    applyUpdate(model, ready("one", user("me", "Myself", 5)));
    applyUsers(model, [user("bob", "Robert", 3)]);
    applyUpdate(model, ready("two", user("me", "Me", 1)));
    applyUsers(model, [user("bob", "Bob", 1)]);
    expect([model.me.displayName, model.users.get("bob")?.displayName]).toEqual(["Me", "Bob"]);
    const leader = emptyModel(user("me", "I", 1));
    applyUpdate(leader, ready("three", user("me", "I", 1)));
    model.me = user("me", "Me", 9);
    applyUpdate(model, { kind: "snapshot", snapshot: takeSnapshot(leader, () => undefined) });
    expect(model.me.displayName).toBe("I");
  });
});

describe("a message of somebody who has changed", () => {
  const from = (senderId: string, senderVersion: number) => ({ senderId, senderVersion }) as Message;

  test("asks for them once, however many there are", async () => {
    const model = emptyModel(ME);
    applyUsers(model, [user("bob", "Bob", 1), user("eve", "Eve", 5)]);
    const getUsers = vi.fn(async (ids: string[]) => ids.map((id) => user(id, `New ${id}`, 2)));
    const touched: string[] = [];
    const look = createUserRefresh({ api: { getUsers }, model, invalidate: (topics) => touched.push(...topics) });
    look([from("bob", 1), from("eve", 4), from("nobody", 7)]);
    look([from("bob", 2), from("bob", 2)]);
    look([from("bob", 2)]);
    await vi.waitFor(() => expect(touched).toContain("user:bob"));
    look([from("bob", 2)]);
    await Promise.resolve();
    expect(getUsers.mock.calls).toEqual([[["bob"]]]);
    expect(model.users.get("bob")?.displayName).toBe("New bob");
  });

  test("asks again after a failure", async () => {
    const model = emptyModel(ME);
    applyUsers(model, [user("bob", "Bob", 1)]);
    const getUsers = vi.fn().mockRejectedValueOnce(new Error("away")).mockResolvedValue([user("bob", "Robert", 2)]);
    const look = createUserRefresh({ api: { getUsers }, model, invalidate: () => undefined });
    look([from("bob", 2)]);
    await vi.waitFor(() => expect(getUsers).toHaveBeenCalledTimes(1));
    await Promise.resolve();
    look([from("bob", 2)]);
    await vi.waitFor(() => expect(model.users.get("bob")?.displayName).toBe("Robert"));
  });
});

test("a block that was made on another device is known on this one", () => {
  const model = emptyModel(ME);
  const invalidate = vi.fn();
  const tabs = { leads: true, broadcastBlocked: vi.fn() };
  const api = { listBlockedUsers: vi.fn(() => new Promise<never>(() => undefined)) };
  createRoot((dispose) => {
    const blocks = createBlocks({ api, tabs, model, invalidate });
    const block = (userId: string, blocked: boolean) => blocks.onUpdates([{ kind: "blockChange", userId, blocked }]);
    block("bob", true);
    expect([model.blocked, invalidate.mock.calls]).toEqual([undefined, []]);
    applyUpdate(model, { kind: "blocked", userIds: ["eve"] });
    block("bob", true);
    block("eve", false);
    expect([...model.blocked!]).toEqual(["bob"]);
    expect(invalidate).toHaveBeenCalledWith(["blocked"]);
    // A list that is on its way may be of before it.
    blocks.load();
    block("joe", true);
    expect(api.listBlockedUsers).toHaveBeenCalledTimes(2);
    dispose();
  });
});

test("in a large room it is said that several people type, and not who", () => {
  const model = emptyModel(ME);
  applyUpdate(model, { kind: "typing", roomId: "hall", userId: "", typing: true });
  expect(model.typing.get("hall")).toEqual([""]);
  expect(typingText(["…"], true)).toEqual(["typingSeveral", {}]);
  applyUpdate(model, { kind: "typing", roomId: "hall", userId: "", typing: false });
  expect(model.typing.get("hall")).toEqual([]);
});
