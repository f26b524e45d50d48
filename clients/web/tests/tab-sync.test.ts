// One tab among others: what it says, what it does when nobody answers, and what it does alone.

import { afterEach, beforeEach, expect, test, vi } from "vitest";

import type { Event } from "../src/api/events";
import type { Position, RoomSummary, Unsent, User } from "../src/domain/types";
import type { TabSync } from "../src/sync/tab-sync";
import type { TabMessage } from "../src/sync/tab-channel";
import type { Snapshot, Update } from "../src/sync/update";

const ME = { id: "me" } as User;

/** A channel of the browser: what is said is heard by all others, a moment later. */
class Channel {
  static all = new Set<Channel>();
  onmessage: ((event: { data: TabMessage }) => void) | undefined;
  constructor() {
    Channel.all.add(this);
  }
  postMessage(data: TabMessage): void {
    for (const other of Channel.all) if (other !== this) queueMicrotask(() => other.onmessage?.({ data }));
  }
  close(): void {
    Channel.all.delete(this);
  }
}

/** A lock that another tab holds, until it is taken from it. */
function heldLock() {
  return {
    request(_name: string, options: { signal?: AbortSignal; steal?: boolean }, work: () => Promise<void>): Promise<void> {
      if (options.steal) return work();
      return new Promise((_, refuse) => options.signal?.addEventListener("abort", () => refuse(new DOMException("", "AbortError"))));
    },
  };
}

/** Another tab, and what it hears. */
function other(answer: (word: TabMessage, say: (word: TabMessage) => void) => void = () => undefined) {
  const channel = new Channel();
  const heard: TabMessage[] = [];
  channel.onmessage = ({ data }) => (heard.push(data), answer(data, (word) => channel.postMessage(word)));
  return { heard, say: (word: TabMessage) => channel.postMessage(word), count: (kind: TabMessage["kind"]) => heard.filter((it) => it.kind === kind).length };
}

/** A tab; `say` is its stream. */
async function tab(api: object = {}, session: object = {}) {
  const streams: AbortSignal[] = [];
  let say: (events: Event[]) => void = () => undefined;
  async function* subscribe(_positions: unknown, signal: AbortSignal): AsyncGenerator<Event[]> {
    streams.push(signal);
    while (!signal.aborted) {
      yield await new Promise<Event[]>((done) => {
        say = done;
        signal.addEventListener("abort", () => done([]));
      });
    }
  }
  const updates: Update[] = [];
  const { TabSync: Made } = await import("../src/sync/tab-sync");
  live = new Made({
    api: { subscribe, watchRooms: async () => [], setIdle: async () => undefined, choosePresence: async () => undefined, ...api } as never,
    session: { id: "s", user: ME, end: () => undefined, ...session } as never,
    onUpdates: (some) => updates.push(...some),
    onNotStored: () => undefined,
    snapshot: () => undefined,
  });
  live.start();
  const tell = (...events: Event[]) => (say(events), vi.advanceTimersByTimeAsync(0));
  return { live, streams, updates, tell };
}

const READY: Event = { kind: "ready", connectionId: "c", heartbeatMs: 20_000, me: ME, choice: "online", epoch: "e" };
const added = (id: string): Event => ({ kind: "roomAdded", summary: { room: { id, headSeq: 1, logId: "log" } } as RoomSummary });
const seconds = (count: number) => vi.advanceTimersByTimeAsync(count * 1_000);

let live: TabSync | undefined;
let page: EventTarget & { hidden: boolean };

function browser(locks: boolean): void {
  vi.resetModules();
  vi.useFakeTimers();
  page = Object.assign(new EventTarget(), { hidden: false });
  vi.stubGlobal("window", new EventTarget());
  vi.stubGlobal("document", page);
  vi.stubGlobal("navigator", locks ? { locks: heldLock() } : {});
  vi.stubGlobal("localStorage", { getItem: () => null, setItem: () => undefined, removeItem: () => undefined });
  vi.stubGlobal("BroadcastChannel", Channel);
}

beforeEach(() => browser(true));
afterEach(() => {
  live?.stop();
  Channel.all.clear();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("a tab whose leader answers but never says what it knows asks again, and then leads itself", async () => {
  const older = other(({ kind }, say) => kind === "ping" && say({ kind: "beat", state: { kind: "live" } }));
  const { streams } = await tab();
  await seconds(16);
  expect([older.count("hello"), streams.length]).toEqual([4, 0]);
  await seconds(5);
  expect(streams).toHaveLength(1);
});

test("how the user chose to be seen is said again until a tab that leads has heard it", async () => {
  const leader = other(({ kind }, say) => {
    if (kind === "hello") say({ kind: "updates", updates: [] });
    if (kind === "ping") say({ kind: "beat", state: { kind: "live" } });
  });
  const { live } = await tab();
  live.choosePresence("doNotDisturb");
  await seconds(11);
  expect(leader.count("choose")).toBe(3);
  leader.say({ kind: "updates", updates: [{ kind: "choice", choice: "doNotDisturb" }] });
  const before = leader.count("choose");
  await seconds(5);
  expect([before, leader.count("choose")]).toEqual([3, 3]);
});

test("a choice that no tab has heard is told by this one once it leads", async () => {
  const chosen: string[] = [];
  const { live, tell } = await tab({ choosePresence: async (_on: string, choice: string) => void chosen.push(choice) });
  live.choosePresence("doNotDisturb");
  await seconds(21);
  await tell(READY);
  expect(chosen).toEqual(["doNotDisturb"]);
});

test("a page that the browser kept begins anew, and what its user does after a pause is reason to try", async () => {
  const snapshot = { rooms: [], connection: { kind: "live" } } as unknown as Snapshot;
  const leader = other((word, say) => {
    if (word.kind === "hello") say({ kind: "snapshot", tab: word.tab, epoch: "e", snapshot });
    if (word.kind === "ping") say({ kind: "beat", state: { kind: "live" } });
  });
  const { live } = await tab();
  window.dispatchEvent(Object.assign(new Event("pageshow"), { persisted: false }));
  await seconds(0);
  expect(leader.count("hello")).toBe(1);
  window.dispatchEvent(Object.assign(new Event("pageshow"), { persisted: true }));
  await seconds(0);
  expect(leader.count("hello")).toBe(2);
  const before = leader.count("nudge");
  live.recordActivity();
  await seconds(31);
  live.recordActivity();
  await seconds(0);
  expect(leader.count("nudge")).toBe(before + 1);
});

test("what the stream left out is asked for once it is live again, and a room is watched once it is known", async () => {
  browser(false);
  const watched: string[] = [];
  const { live, tell } = await tab({ watchRooms: async (_on: string, rooms: string[]) => (watched.push(rooms.join()), []) });
  live.watch(["r"]);
  await tell(READY);
  expect(watched).toEqual([]);
  await tell(added("r"), { kind: "live" });
  await seconds(10);
  expect(watched).toEqual(["r"]);
  await tell({ kind: "lagging" });
  await seconds(10);
  expect(watched).toEqual(["r"]);
  await tell({ kind: "live" });
  await seconds(10);
  expect(watched).toEqual(["r", "r"]);
});

test("a message that is refused without a word does not wait for ever", async () => {
  browser(false);
  const { Failure } = await import("../src/domain/failure");
  const { live, tell, updates } = await tab({ sendMessage: () => Promise.reject(new Failure("final", "", "")) });
  await tell(READY, { kind: "live" });
  live.send({ clientMessageId: "1", roomId: "r", text: "", replyTo: 0, threadSeq: 0, attachmentIds: [], at: Date.now() });
  await seconds(0);
  expect(updates.at(-1)).toMatchObject({ kind: "refused", reason: "REFUSED" });
});

test("what was begun before a stream ended is not gone on with", async () => {
  browser(false);
  let healed: (error: Error) => void = () => undefined;
  const { tell, updates } = await tab({ syncRoom: () => new Promise((_, refuse) => (healed = refuse)) });
  await tell(READY, added("r"), { kind: "live" });
  const change = (seq: number) => ({ kind: "change", change: { roomId: "r", seq, afterSeq: seq - 1 } }) as Event;
  await tell(change(5), added("s"));
  healed(new Error("no answer"));
  await seconds(0);
  expect(updates.filter(({ kind }) => kind === "roomAdded")).toHaveLength(1);
});

test("a token that comes after the end of its stream is told to nobody", async () => {
  browser(false);
  const told: string[] = [];
  let renewed: (token: string) => void = () => undefined;
  const renew = () => new Promise<string>((done) => (renewed = done));
  const { live, tell } = await tab({ renewToken: async (_on: string, token: string) => void told.push(token) }, { renew });
  await tell(READY, { kind: "tokenExpiring" });
  renewed("in time");
  await seconds(0);
  expect(told).toEqual(["in time"]);
  await tell({ kind: "tokenExpiring" });
  live.stop();
  renewed("too late");
  await seconds(0);
  expect(told).toEqual(["in time"]);
});

test("without locks a hidden tab gives up its stream to others, and goes on where it was when it is looked at", async () => {
  browser(false);
  const { streams, tell, live } = await tab();
  const tabs = other();
  await tell(READY, added("r"), { kind: "live" });
  const look = (...names: string[]) => {
    for (const name of names) tabs.say({ kind: "looked", tab: name });
    return seconds(0);
  };
  await look("a", "b", "c");
  expect(streams[0]?.aborted, "it is looked at itself").toBe(false);
  page.hidden = true;
  await look("a", "b", "a");
  expect(streams[0]?.aborted).toBe(false);
  await look("c");
  expect([streams[0]?.aborted, live.leads]).toEqual([true, false]);
  page.hidden = false;
  page.dispatchEvent(new Event("visibilitychange"));
  await seconds(0);
  expect([streams.length, live.leads, tabs.count("looked")]).toEqual([2, true, 1]);
});

/** A server that refuses each stream that has positions; with which it was asked, and whether that was the session's end. */
async function refusing(refusal: () => Error) {
  const asked: [room: string, logId: string][][] = [];
  const ended = vi.fn();
  const { Failure } = await import("../src/domain/failure");
  async function* subscribe(positions: ReadonlyMap<string, Position>, signal: AbortSignal): AsyncGenerator<Event[]> {
    asked.push([...positions].map(([room, { logId }]) => [room, logId]));
    if (positions.size) throw refusal();
    yield [READY, added("r"), { kind: "live" }];
    if (asked.length === 1) throw new Failure("unavailable", "", "gone");
    await new Promise((over) => signal.addEventListener("abort", over));
  }
  await tab({ subscribe }, { end: ended });
  await seconds(30);
  return { asked, ended };
}

test.each([
  ["INVALID_FIELDS", "user_agent"],
  ["MALFORMED_MESSAGE", ""],
  ["", ""],
])("a stream that is refused keeps its positions (%s %s)", async (reason, field) => {
  browser(false);
  const { Failure } = await import("../src/domain/failure");
  const violations = field ? [{ field, description: "must be something else" }] : [];
  const { asked, ended } = await refusing(() => new Failure("final", reason, "The request is not valid.", violations));
  expect(asked.length).toBeGreaterThan(2);
  expect(asked.slice(1).every((rooms) => rooms.join() === "r,log")).toBe(true);
  expect(ended).not.toHaveBeenCalled();
});

/** An object with one property for each item, as browsers have it. */
function storage(stored: Map<string, string>): object {
  return new Proxy({}, {
    ownKeys: () => [...stored.keys()],
    getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }),
    get: (_, name) => ({
      getItem: (key: string) => stored.get(key) ?? null,
      setItem: (key: string, value: string) => void stored.set(key, value),
      removeItem: (key: string) => void stored.delete(key),
    })[name as "getItem"],
  });
}

test("what waits to answer a message of another store is left to its writer, and all else is sent", async () => {
  browser(false);
  const stored = new Map<string, string>();
  vi.stubGlobal("localStorage", storage(stored));
  const unsent = (id: string, epoch: string | undefined, positions: object): Unsent =>
    ({ clientMessageId: id, roomId: "r", text: id, replyTo: 0, threadSeq: 0, attachmentIds: [], at: Date.now() - 1_000 + stored.size, ...(epoch === undefined ? {} : { epoch }), ...positions });
  const keep = (message: Unsent, refused = "") => stored.set(`causerie.outbox.me.${message.clientMessageId}`, JSON.stringify({ message, refused }));
  keep(unsent("plain", "old", {}));
  keep(unsent("reply", "old", { replyTo: 3 }));
  keep(unsent("in a thread", "old", { threadSeq: 4 }));
  keep(unsent("refused", "old", { replyTo: 5 }), "MUTED");
  keep(unsent("current", "e", { replyTo: 6 }));
  keep(unsent("of an older version", undefined, { replyTo: 7 }));
  const sent: string[] = [];
  const { tell, live, updates } = await tab({ sendMessage: async (it: Unsent) => (sent.push(`${it.text} ${it.replyTo}`), {}) });
  // It does not know yet which store this is.
  other().say({ kind: "queue", message: unsent("early", "e", { replyTo: 2 }) });
  await tell(READY);
  live.dropPositions("e", false);
  await tell({ kind: "live" });
  await seconds(1);
  expect(sent).toEqual(["plain 0", "current 6", "of an older version 7", "early 2"]);
  const refused = updates.flatMap((it) => (it.kind === "refused" && it.message.replyTo + it.message.threadSeq === 0 ? [`${it.message.text}: ${it.reason}`] : []));
  expect(refused).toEqual(["reply: REPLY_TARGET_LOST", "in a thread: REPLY_TARGET_LOST", "refused: MUTED"]);
  // Another tab that has not heard of it.
  other().say({ kind: "queue", message: unsent("late", "old", { replyTo: 8 }) });
  keep(unsent("late", "old", { replyTo: 8 }));
  await seconds(1);
  expect(sent).toHaveLength(4);
  live.dropPositions("e", true);
  await seconds(1);
  expect([...stored.values()].filter((it) => /"(replyTo|threadSeq)":[1-9]/.test(it))).toEqual([]);
});

test("what was written more than 25 days ago is sent only if its writer says so again", async () => {
  browser(false);
  const stored = new Map<string, string>();
  vi.stubGlobal("localStorage", storage(stored));
  const day = 86_400_000;
  const written = (id: string, days: number): Unsent =>
    ({ clientMessageId: id, roomId: id, text: id, replyTo: 0, threadSeq: 0, attachmentIds: [], at: Date.now() - days * day, epoch: "e" });
  for (const message of [written("old", 26), written("young", 24)]) stored.set(`causerie.outbox.me.${message.clientMessageId}`, JSON.stringify({ message, refused: "" }));
  const sent: string[] = [];
  const { tell, live, updates } = await tab({ sendMessage: async (it: Unsent) => (sent.push(it.text), {}) });
  await tell(READY, { kind: "live" });
  await seconds(1);
  expect(sent).toEqual(["young"]);
  const refused = updates.flatMap((it) => (it.kind === "refused" ? [it] : []));
  expect(refused.map((it) => `${it.message.text}: ${it.reason}`)).toEqual(["old: SENT_LONG_AGO"]);
  live.send(refused[0]!.message);
  await seconds(1);
  expect(sent).toEqual(["young", "old"]);
});
