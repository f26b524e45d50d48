// Marks of reading reach the server, and counts are asked for, as long as someone is signed in.

import { createRoot } from "solid-js";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { Failure } from "../src/domain/failure";
import { emptyModel } from "../src/stores/model/model";
import { createUnreadResync } from "../src/stores/reading/unread-resync";
import { createReadMarkerRetry } from "../src/stores/reading/read-marker-retry";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const ME = { id: "me", username: "me", displayName: "Me", bio: "", statusText: "", createdAt: 0, photoId: "" };
const lost = (retryAfterMs?: number) => new Failure("unavailable", "", "", [], retryAfterMs);

function marks() {
  const model = { ...emptyModel(ME), connection: { kind: "live" } as { kind: "live" | "connecting" } };
  const said: string[] = [];
  const it = { model, said, failure: undefined as Failure | undefined };
  const say = async (words: string) => {
    said.push(words);
    if (it.failure) throw it.failure;
  };
  return createRoot((end) => {
    const { send, sendThread, retryAll, threadsAcknowledged } = createReadMarkerRetry(model);
    return {
      it, said, model, end, retryAll, threadsAcknowledged,
      read: (roomId: string, seq: number) => send(roomId, () => say(`${roomId} ${seq}`)),
      readThread: (roomId: string, thread: number, seq: number) => sendThread(roomId, thread, () => say(`${roomId}/${thread} ${seq}`)),
    };
  });
}

test("a mark that was lost is told again after a while, or when the server says", async () => {
  const { it, said, read, readThread, threadsAcknowledged } = marks();
  it.failure = lost();
  read("r", 5);
  readThread("r", 2, 4);
  readThread("r", 2, 6);
  await vi.advanceTimersByTimeAsync(4_999);
  expect(said).toEqual(["r 5", "r/2 4", "r/2 6"]);
  expect([threadsAcknowledged("r"), threadsAcknowledged("s")]).toEqual([false, true]);
  it.failure = lost(60_000);
  await vi.advanceTimersByTimeAsync(1);
  expect(said.splice(0)).toEqual(["r 5", "r/2 4", "r/2 6", "r 5", "r/2 6"]);
  it.failure = undefined;
  await vi.advanceTimersByTimeAsync(59_999);
  expect(said).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect([said, threadsAcknowledged("r")]).toEqual([["r 5", "r/2 6"], true]);
  await vi.advanceTimersByTimeAsync(600_000);
  expect(said).toHaveLength(2);
});

test("without a connection marks wait for the next one; what the server refuses for good is told once", async () => {
  const { it, said, model, read, retryAll } = marks();
  it.failure = lost();
  model.connection = { kind: "connecting" };
  read("r", 5);
  await vi.advanceTimersByTimeAsync(600_000);
  expect(said).toHaveLength(1);
  it.failure = new Failure("final", "NOT_MEMBER", "");
  model.connection = { kind: "live" };
  retryAll();
  await vi.advanceTimersByTimeAsync(600_000);
  expect(said).toHaveLength(2);
});

test("nothing is told or asked any more once its user has gone", async () => {
  const { it, said, read, end } = marks();
  it.failure = lost();
  read("r", 5);
  end();
  await vi.advanceTimersByTimeAsync(600_000);
  expect(said).toHaveLength(1);
  const model = emptyModel(ME);
  model.connection = { kind: "live" };
  model.rooms.set("r", { doubtful: true, threads: { doubt: "none" } } as never);
  let asked = 0;
  const listRooms = () => (asked++, vi.advanceTimersByTimeAsync(10).then(() => Promise.reject(lost())));
  const stop = createRoot((gone) => (createUnreadResync({ api: { listRooms }, model, threadsAcknowledged: () => true, invalidate: () => undefined })(), gone));
  stop();
  await vi.advanceTimersByTimeAsync(600_000);
  expect(asked).toBe(1);
});
