// Which rooms the server is told that the user looks at, over all tabs.

import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { PresenceReporter } from "../src/sync/presence-reporter";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function attention() {
  const told: string[][] = [];
  const unknown = new Set<string>();
  let works = true;
  const it = new PresenceReporter({
    ownTab: "a",
    api: {
      watchRooms: (_connection, roomIds) => {
        told.push(roomIds);
        return works ? Promise.resolve([]) : Promise.reject(new Error("gone"));
      },
      choosePresence: () => Promise.resolve(),
      setIdle: () => Promise.resolve(),
    },
    onWatched: () => undefined,
    isSubscribed: (roomId) => !unknown.has(roomId),
  });
  it.onOpen("connection");
  return { it, told, unknown, breaks: (on: boolean) => (works = !on) };
}

test("a list of rooms is told once, however often a tab says it", () => {
  const { it, told } = attention();
  it.watch("a", ["r"]);
  for (let i = 0; i < 5; i++) it.watch("b", ["r"]);
  it.watch("a", ["r"]);
  // The second for the other tab: it has yet to hear how its room is.
  expect(told).toEqual([["r"], ["r"]]);
  it.watch("b", ["s"]);
  expect(told.at(-1)).toEqual(["r", "s"]);
});

test("a tab that begins anew hears how its rooms are, and tabs that are gone are not looked for", () => {
  const { it, told } = attention();
  it.watch("a", ["r"]);
  it.watch("b", ["s"]);
  it.forgetTab("b");
  it.watch("b", ["s"]);
  expect(told).toEqual([["r"], ["r", "s"], ["r", "s"]]);
  it.forgetOthers();
  it.onOpen("another");
  expect(told.at(-1)).toEqual(["r"]);
});

test("a word that was lost is said again after a while, and what may be wrong is asked once", async () => {
  const { it, told, breaks } = attention();
  breaks(true);
  it.watch("a", ["r"]);
  await vi.advanceTimersByTimeAsync(4_999);
  expect(told).toHaveLength(1);
  breaks(false);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(told).toHaveLength(2);
  for (let i = 0; i < 5; i++) it.refreshRooms();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(told).toHaveLength(3);
});

test("tabs take turns where they look at more rooms than can be watched", () => {
  const { it, told } = attention();
  const rooms = (tab: string) => Array.from({ length: 20 }, (_, i) => `${tab}${i}`);
  it.watch("a", rooms("a"));
  it.watch("b", rooms("b"));
  it.watch("c", rooms("c"));
  expect(told.at(-1)).toHaveLength(20);
  expect(told.at(-1)?.slice(0, 4)).toEqual(["a0", "b0", "c0", "a1"]);
});

test("a room that the stream does not tell of keeps nobody from the others, and is watched once it does", () => {
  const { it, told, unknown } = attention();
  unknown.add("s");
  it.watch("a", ["s", "r"]);
  expect(told).toEqual([["r"]]);
  unknown.clear();
  it.onRoomsChanged();
  expect(told.at(-1)).toEqual(["s", "r"]);
});

test("a tab that says nothing for minutes is gone, and is there again when it says something", async () => {
  const { it, told } = attention();
  it.watch("a", ["r"]);
  it.watch("dead", ["s"]);
  it.watch("b", ["t"]);
  for (let minute = 0; minute < 6; minute++) {
    expect(told.at(-1), `after ${minute} minutes`).toEqual(["r", "s", "t"]);
    await vi.advanceTimersByTimeAsync(60_000);
    it.watch("b", ["t"]);
  }
  expect(told.at(-1)).toEqual(["r", "t"]);
  it.watch("dead", ["s"]);
  expect(told.at(-1)).toEqual(["r", "t", "s"]);
});
