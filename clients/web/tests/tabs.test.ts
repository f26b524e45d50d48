// How several tabs go together: who follows, what waits, who leads.

import { beforeEach, describe, expect, test } from "vitest";

import type { RoomChange, Unsent } from "../src/domain/types";
import { Crowd } from "../src/sync/stream-budget";
import { Cursor } from "../src/sync/cursor";
import { follow } from "../src/sync/follower";
import { OutboxStore } from "../src/sync/outbox-store";
import { Pending } from "../src/sync/tab-outbox";
import { Silence } from "../src/sync/leader-health";
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
    return { store, pending: new Pending(store) };
  };
  beforeEach(() => void store(new Storage()));

  test("what became of it before a tab could follow is made good", () => {
    const { store, pending } = tab();
    store.put(unsent("one", 1));
    store.put(unsent("two", 2));
    pending.note(pending.missed());
    store.remove("one");
    store.put(unsent("three", 3));
    store.put(unsent("two", 2), "MUTED");
    expect(pending.missed()).toEqual([
      { kind: "refused", message: unsent("two", 2), reason: "MUTED" },
      { kind: "queued", message: unsent("three", 3) },
      { kind: "discarded", id: "one" },
    ]);
  });

  test("what finds no room in the storage is said so, and still sent and shown", () => {
    store(new Storage(1));
    const { pending } = tab();
    expect(pending.write(unsent("kept", 1))).toBe(true);
    expect(pending.write(unsent("not kept", 2))).toBe(false);
    pending.note([unsent("kept", 1), unsent("not kept", 2)].map((message) => ({ kind: "queued", message })));
    expect(pending.toSend().map(({ text }) => text)).toEqual(["kept", "not kept"]);
    expect(pending.missed().map(({ kind }) => kind)).toEqual(["queued"]);
  });

  test("where the browser allows no storage it is sent all the same", () => {
    Object.defineProperty(globalThis, "localStorage", { get: () => { throw new Error("forbidden"); }, configurable: true });
    const { store: kept, pending } = tab();
    expect(pending.write(unsent("one"))).toBe(false);
    expect(pending.toSend().map(({ text }) => text)).toEqual(["one"]);
    kept.remove("one");
    expect(pending.missed()).toEqual([]);
  });

  test("own messages are said again until they are sent, refused or thrown away", () => {
    const { pending } = tab();
    for (const id of ["a", "b", "c", "d"]) pending.write(unsent(id));
    pending.note([
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
    expect(follow(cursor, "", [change(5), change(6), change(6)])).toEqual({ taken: [change(6)], gap: false });
    expect(follow(cursor, "", [change(7), change(9), change(10)])).toEqual({ taken: [change(7)], gap: true });
  });

  test("another store's positions are not compared with those of the one before", () => {
    const cursor = at(5);
    follow(cursor, "", [ready("one")]);
    expect(cursor.position("r"), "a snapshot from before the first stream").toBe(5);
    follow(cursor, "one", [ready("two"), change(3)]);
    expect(cursor.position("r")).toBeUndefined();
  });
});

test("a tab that leads is silent after two questions, and given up after four", () => {
  const silence = new Silence();
  expect([1, 2, 3, 4].map(() => silence.ask(true))).toEqual(["well", "well", "silent", "silent"]);
  expect(silence.isSilent).toBe(true);
  expect([silence.ask(true), silence.isSilent]).toEqual(["dead", false]);
  for (let i = 0; i < 9; i++) {
    expect(silence.ask(true)).toBe("well");
    silence.heard();
  }
});

test("a tab that leads and never says what it knows is given up, also if it answers", () => {
  const silence = new Silence();
  const ask = (told: boolean) => {
    const how = silence.ask(told);
    silence.heard();
    return how;
  };
  expect([false, false, false, true, false, false, false, false].map(ask)).toEqual([...Array(7).fill("well"), "dead"]);
});

test("without locks a hidden tab gives up its stream once three others were looked at since", () => {
  const crowd = new Crowd();
  expect(["a", "b", "a", "b"].map((tab) => crowd.other(tab))).toEqual([false, false, false, false]);
  crowd.looked();
  expect(["a", "b", "c"].map((tab) => crowd.other(tab))).toEqual([false, false, true]);
});
