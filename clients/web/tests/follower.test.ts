// How several tabs go together: who follows, what waits, who leads.

import { beforeEach, describe, expect, test } from "vitest";

import type { RoomChange, Unsent } from "../src/domain/types";
import { StreamBudget } from "../src/sync/stream-budget";
import { Cursor } from "../src/sync/cursor";
import { acceptUpdates } from "../src/sync/follower";
import { OutboxStore } from "../src/sync/outbox-store";
import { TabOutbox } from "../src/sync/tab-outbox";
import { LeaderHealth } from "../src/sync/leader-health";
import type { Update } from "../src/sync/update";

const unsent = (id: string, at = 0): Unsent => ({ clientMessageId: id, roomId: "r", text: id, replyTo: 0, threadSeq: 0, attachmentIds: [], at });

/** A storage of the browser, with room for so many entries. */
class Storage {
  [key: string]: unknown;
  constructor(room = Infinity) {
    const methods = {
      getItem: (key: string) => this[key] ?? null,
      setItem: (key: string, value: string) => {
        if (Object.keys(this).length >= room) throw new Error("full");
        this[key] = value;
      },
      removeItem: (key: string) => void delete this[key],
    };
    for (const [name, value] of Object.entries(methods)) Object.defineProperty(this, name, { value });
  }
}

describe("what waits to be sent", () => {
  const store = (value: unknown) => Object.defineProperty(globalThis, "localStorage", { value, configurable: true });
  const tab = () => {
    const store = new OutboxStore("me");
    return { store, pending: new TabOutbox(store) };
  };
  beforeEach(() => void store(new Storage()));

  test("what became of it before a tab could follow is made good", () => {
    const { store, pending } = tab();
    store.put(unsent("one", 1));
    store.put(unsent("two", 2));
    pending.onUpdates(pending.changesSinceShown());
    store.remove("one");
    store.put(unsent("three", 3));
    store.put(unsent("two", 2), "MUTED");
    expect(pending.changesSinceShown()).toEqual([
      { kind: "refused", message: unsent("two", 2), reason: "MUTED" },
      { kind: "queued", message: unsent("three", 3) },
      { kind: "discarded", id: "one" },
    ]);
  });

  test("what finds no room in the storage is said so, and still sent and shown", () => {
    store(new Storage(1));
    const { pending } = tab();
    expect(pending.add(unsent("kept", 1))).toBe(true);
    expect(pending.add(unsent("not kept", 2))).toBe(false);
    pending.onUpdates([unsent("kept", 1), unsent("not kept", 2)].map((message) => ({ kind: "queued", message })));
    expect(pending.toSend().map(({ text }) => text)).toEqual(["kept", "not kept"]);
    expect(pending.changesSinceShown().map(({ kind }) => kind)).toEqual(["queued"]);
  });

  test("where the browser allows no storage it is sent all the same", () => {
    Object.defineProperty(globalThis, "localStorage", { get: () => { throw new Error("forbidden"); }, configurable: true });
    const { store: kept, pending } = tab();
    expect(pending.add(unsent("one"))).toBe(false);
    expect(pending.toSend().map(({ text }) => text)).toEqual(["one"]);
    kept.remove("one");
    expect(pending.changesSinceShown()).toEqual([]);
  });

  test("own messages are said again until they are sent, refused or thrown away", () => {
    const { pending } = tab();
    for (const id of ["a", "b", "c", "d"]) pending.add(unsent(id));
    pending.onUpdates([
      { kind: "discarded", id: "a" },
      { kind: "refused", message: unsent("b"), reason: "MUTED" },
      { kind: "sent", id: "c", message: {} as never },
    ]);
    expect([...pending.own].map(({ text }) => text)).toEqual(["d"]);
  });
});

describe("following", () => {
  const change = (seq: number, afterSeq = seq - 1): Update => ({ kind: "change", change: { roomId: "r", seq, afterSeq } as RoomChange });
  const ready = (epoch: string): Update => ({ kind: "ready", me: {} as never, choice: "online", epoch });
  const at = (headSeq: number) => {
    const cursor = new Cursor();
    cursor.begin({ id: "r", headSeq, logId: "log" });
    return cursor;
  };

  test("takes each change once, up to a gap", () => {
    const cursor = at(5);
    expect(acceptUpdates(cursor, "", [change(5), change(6), change(6)])).toEqual({ accepted: [change(6)], gap: false });
    expect(acceptUpdates(cursor, "", [change(7), change(9), change(10)])).toEqual({ accepted: [change(7)], gap: true });
  });

  test("another store's positions are not compared with those of the one before", () => {
    const cursor = at(5);
    acceptUpdates(cursor, "", [ready("one")]);
    expect(cursor.position("r"), "a snapshot from before the first stream").toBe(5);
    acceptUpdates(cursor, "one", [ready("two"), change(3)]);
    expect(cursor.position("r")).toBeUndefined();
  });
});

test("a tab that leads is silent after two questions, and given up after four", () => {
  const silence = new LeaderHealth();
  expect([1, 2, 3, 4].map(() => silence.check(true))).toEqual(["well", "well", "silent", "silent"]);
  expect(silence.isSilent).toBe(true);
  expect([silence.check(true), silence.isSilent]).toEqual(["dead", false]);
  for (let i = 0; i < 9; i++) {
    expect(silence.check(true)).toBe("well");
    silence.recordAnswer();
  }
});

test("a tab that leads and never says what it knows is given up, also if it answers", () => {
  const silence = new LeaderHealth();
  const ask = (told: boolean) => {
    const how = silence.check(told);
    silence.recordAnswer();
    return how;
  };
  expect([false, false, false, true, false, false, false, false].map(ask)).toEqual([...Array(7).fill("well"), "dead"]);
});

test("without locks a hidden tab gives up its stream once three others were looked at since", () => {
  const crowd = new StreamBudget();
  expect(["a", "b", "a", "b"].map((tab) => crowd.isExceededBy(tab))).toEqual([false, false, false, false]);
  crowd.reset();
  expect(["a", "b", "c"].map((tab) => crowd.isExceededBy(tab))).toEqual([false, false, true]);
});
