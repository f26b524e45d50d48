// Which rooms the server is told that the user looks at, over all tabs.

import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { Attention } from "../src/sync/attention";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function attention() {
  const told: string[][] = [];
  let works = true;
  const it = new Attention({
    own: "a",
    api: {
      watchRooms: (_connection, roomIds) => {
        told.push(roomIds);
        return works ? Promise.resolve([]) : Promise.reject(new Error("gone"));
      },
      choosePresence: () => Promise.resolve(),
      setIdle: () => Promise.resolve(),
    },
    seen: () => undefined,
  });
  it.opened("connection");
  return { it, told, breaks: (on: boolean) => (works = !on) };
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
  it.forget("b");
  it.watch("b", ["s"]);
  expect(told).toEqual([["r"], ["r", "s"], ["r", "s"]]);
  it.forgetOthers();
  it.opened("another");
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
  for (let i = 0; i < 5; i++) it.lookAgain();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(told).toHaveLength(3);
});
