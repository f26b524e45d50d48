// The model after what sync tells, with neither browser nor framework.

import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";

import notifyCases from "../../cases/notify.json";
import { Failure } from "../src/domain/failure";
import type { Content, Message, PresenceState, RoomChange, RoomSummary, Thread } from "../src/domain/types";
import { applyUpdate, applyMessages, applyPage, applyUsers, isStoreReplaced, markRead } from "../src/stores/model/apply";
import { evictDistant } from "../src/stores/messages/eviction";
import { usableUntil } from "../src/stores/files/download-links";
import { roomReadBeyond } from "../src/stores/reading/read-markers";
import { UserLoader } from "../src/stores/people/user-loader";
import { emptyModel, messagesIn, tail } from "../src/stores/model/model";
import { unread } from "../src/stores/reading/unread";
import { hasNameCollision } from "../src/stores/people/name-collisions";
import { shouldNotify } from "../src/stores/notifications/should-notify";
import { addRange, rangeOf, type Ranges } from "../src/stores/model/ranges";
import { resyncUnread } from "../src/stores/reading/unread-resync";
import { Rows } from "../src/stores/timeline/rows";
import { takeSnapshot } from "../src/stores/model/snapshot";
import { followsThread, applyThread } from "../src/stores/threads/threads";
import { TypingThrottle } from "../src/stores/composer/typing-throttle";

const ME = { id: "me", username: "me", displayName: "Me", bio: "", statusText: "", createdAt: 0, photoId: "" };
const SETTINGS = { roomId: "r", level: "all", mutedUntil: 0, starred: false } as const;
const text = (words: string): Content => ({ kind: "text", text: words });

function message(seq: number, more: Partial<Message> = {}): Message {
  const content = text(`m${seq}`);
  const rest = { clientMessageId: `c${seq}`, replyTo: 0, editedAt: 0, reactions: [], pin: undefined, mentions: [], attachments: [], threadSeq: 0, thread: undefined };
  return { roomId: "r", seq, senderId: "other", postedAt: seq * 1000, changedSeq: seq, content, ...rest, ...more };
}

function summary(headSeq: number, more: Partial<RoomSummary> = {}): RoomSummary {
  const room = {
    id: "r", kind: "public", name: "Room", topic: "", createdAt: 0, memberCount: 2,
    changedSeq: 1, headSeq, archivedAt: 0, directUserIds: [], pictureId: "", history: "fromStart", joinNewAccounts: false, logId: "log",
  } as const;
  return { room, role: "member", mutedUntil: 0, readSeq: headSeq, unreadCount: 0, unreadMore: false, unreadMentions: 0, unreadThreads: 0, unreadFrom: 0, settings: SETTINGS, lastMessage: undefined, ...more };
}

const change = (seq: number, it: Message | undefined, afterSeq = seq - 1): RoomChange => ({
  roomId: "r", seq, afterSeq, message: it, member: undefined, room: undefined,
});

function modelWith(headSeq: number, more: Partial<RoomSummary> = {}) {
  const model = emptyModel(ME);
  applyUpdate(model, { kind: "roomAdded", summary: summary(headSeq, more) });
  const view = () => model.rooms.get("r")!;
  const tell = (seq: number, it: Message | undefined) => applyUpdate(model, { kind: "change", change: change(seq, it) });
  return { model, view, tell };
}

test("a link is used as long as it surely works, whatever the clock here says", () => {
  const now = 1_000_000_000;
  const minutes = (count: number) => now + count * 60_000;
  expect(usableUntil(minutes(8), now)).toBe(minutes(7));
  expect(usableUntil(minutes(20), now), "not as long as it works: the clock here may be behind").toBe(minutes(9));
  expect(usableUntil(minutes(-300), now), "the clock here is ahead").toBe(minutes(1));
});

describe("apply", () => {
  test("a room is flagged as unread until it is read, also from another device", () => {
    const { model, view } = modelWith(5);
    const mark = { kind: "readMarker", roomId: "r", userId: "me", readSeq: 5, threadSeq: 0 } as const;
    applyUpdate(model, { ...mark, unreadFrom: 3 });
    expect(unread(view(), "me")).toMatchObject({ count: 0, flagged: true });
    expect(takeSnapshot(model, () => undefined).rooms[0]?.unreadFrom).toBe(3);
    expect(markRead(model, "r", 5)).not.toEqual([]);
    expect(unread(view(), "me").flagged).toBe(false);
    applyUpdate(model, { ...mark, unreadFrom: 2 });
    applyUpdate(model, { ...mark, unreadFrom: 0 });
    expect(unread(view(), "me").flagged).toBe(false);
  });

  test("what the server has lost of one's reading is told again, and nothing else", () => {
    const { model } = modelWith(5);
    markRead(model, "r", 5);
    const mark = { kind: "readMarker", roomId: "r", userId: "me", readSeq: 3, threadSeq: 0, unreadFrom: 0 } as const;
    expect(roomReadBeyond(model, mark)?.readSeq).toBe(5);
    const others = [{ readSeq: 5 }, { readSeq: 6 }, { userId: "other" }, { threadSeq: 2 }, { unreadFrom: 2 }, { roomId: "x" }];
    for (const other of others) expect(roomReadBeyond(model, { ...mark, ...other }), JSON.stringify(other)).toBeUndefined();
  });

  test("answers in threads that one follows are unread until the thread is read, wherever", () => {
    const { model, view, tell } = modelWith(5, { unreadThreads: 1 });
    expect(unread(view(), "me").threads).toBe(true);
    // Whether the server has counted this one, it has to be asked.
    const mark = { kind: "readMarker", roomId: "r", userId: "me", unreadFrom: 0 } as const;
    applyUpdate(model, { ...mark, readSeq: 5, threadSeq: 2 });
    view().threads.staleness = "asked";
    resyncUnread(model, summary(5));
    expect(unread(view(), "me").threads).toBe(false);
    tell(6, message(6, { senderId: "me" }));
    tell(7, message(7, { threadSeq: 6 }));
    tell(8, message(8, { threadSeq: 4 }));
    expect([...view().threads.unread.keys()]).toEqual([6]);
    applyUpdate(model, { ...mark, readSeq: 7, threadSeq: 6 });
    expect(unread(view(), "me").threads).toBe(false);
    tell(9, message(9, { threadSeq: 6 }));
    expect(takeSnapshot(model, () => undefined).rooms[0]?.unreadThreads).toBe(1);
  });

  test("which threads one follows is kept, and one that the server has counted is not counted twice", () => {
    const { model, view, tell } = modelWith(5, { unreadThreads: 1 });
    const told = (root: number, more: Partial<Thread>) =>
      applyThread(view(), { root: message(root), messages: [], hasOlder: false, following: true, readSeq: 0, ...more }, "me");
    // Nothing of it was seen here, so only the server can know.
    tell(6, message(6, { threadSeq: 2 }));
    expect([followsThread(view(), 2, "me"), view().threads.unread.size]).toEqual([undefined, 0]);
    told(2, { messages: [message(6, { threadSeq: 2 })], readSeq: 3 });
    expect(view().threads).toMatchObject({ counted: 1, unread: new Map([[2, 6]]) });
    told(1, { messages: [message(4, { threadSeq: 1 })], readSeq: 3 });
    expect(view().threads).toMatchObject({ counted: 0, unread: new Map([[2, 6], [1, 4]]) });
    // Not followed, until one is called there.
    told(3, { following: false });
    tell(7, message(7, { threadSeq: 3 }));
    expect([followsThread(view(), 3, "me"), view().threads.unread.has(3)]).toEqual([false, false]);
    tell(8, message(8, { threadSeq: 3, mentions: [{ name: "me", userId: "me", all: false, here: false }] }));
    expect([followsThread(view(), 3, "me"), view().threads.unread.has(3)]).toEqual([true, true]);
    applyUpdate(model, { kind: "reset", summary: summary(8, { unreadThreads: 3 }), messages: [] });
    expect(view().threads).toMatchObject({ counted: 3, unread: new Map(), read: new Map() });
    expect(followsThread(view(), 2, "me")).toBe(true);
  });

  test("an own message that came by a page waits no more, though its sender has not heard of it", () => {
    const { model } = modelWith(5);
    const unsent = (id: string) => ({ clientMessageId: id, roomId: "r", text: "text", replyTo: 0, threadSeq: 0, attachmentIds: [], at: 0 });
    for (const id of ["c4", "c5", "c6"]) applyUpdate(model, { kind: "queued", message: unsent(id) });
    const page = { messages: [message(4, { senderId: "me" }), message(6)], hasOlder: false, hasNewer: false, headSeq: 6 };
    expect(applyPage(model, "r", page, { after: 0, upTo: 6 })).toContain("outbox");
    expect(model.outbox.map((it) => it.message.clientMessageId)).toEqual(["c5", "c6"]);
    applyUpdate(model, { kind: "reset", summary: summary(9), messages: [message(5, { senderId: "me" })] });
    expect(model.outbox.map((it) => it.message.clientMessageId), "another's id is no matter").toEqual(["c6"]);
  });

  test("another tab goes on from where the stream has told, and doubts what this one doubts", () => {
    const { model, tell } = modelWith(5);
    tell(6, message(6));
    const page = { messages: [message(6), message(7), message(8)], hasOlder: true, hasNewer: false, headSeq: 8 };
    applyPage(model, "r", page, { after: 5, upTo: 8 });
    expect(unread(model.rooms.get("r")!, "me").count).toBe(3);
    const snapshot = takeSnapshot(model, () => 6);
    expect([snapshot.rooms[0]?.room.headSeq, snapshot.rooms[0]?.unreadCount, snapshot.doubtful]).toEqual([6, 1, []]);
    model.rooms.get("r")!.threads.staleness = "asked";
    const other = emptyModel(ME);
    applyUpdate(other, { kind: "snapshot", snapshot: takeSnapshot(model, () => 6) });
    for (const seq of [7, 8]) applyUpdate(other, { kind: "change", change: change(seq, message(seq)) });
    expect(unread(other.rooms.get("r")!, "me").count).toBe(3);
    expect(other.rooms.get("r")!.threads.staleness).toBe("some");
    // The cursor is ahead of what this tab has yet to take in.
    expect(takeSnapshot(model, () => 9).rooms[0]?.room.headSeq).toBe(8);
  });

  test("what arrives is unread until it is read; own, system and deleted messages never count", () => {
    const { model, view, tell } = modelWith(5);
    tell(6, message(6));
    tell(7, message(7, { senderId: "me" }));
    tell(8, message(8, { content: { kind: "system", what: "joined", detail: "", aboutId: "", staff: "user" } }));
    tell(9, message(9));
    expect(unread(view(), "me").count).toBe(2);
    tell(10, message(9, { changedSeq: 10, content: { kind: "deleted", byId: "other" } }));
    expect(unread(view(), "me").count).toBe(1);
    markRead(model, "r", 10);
    expect(unread(view(), "me").count).toBe(0);
    expect(markRead(model, "r", 3)).toEqual([]);
  });

  test("a deleted message that only the server had counted is not counted any more", () => {
    const { view, tell } = modelWith(50, { readSeq: 10, unreadCount: 40 });
    tell(51, message(20, { changedSeq: 51, content: { kind: "deleted", byId: "other" } }));
    tell(52, message(5, { changedSeq: 52, content: { kind: "deleted", byId: "other" } }));
    tell(53, message(21, { senderId: "me", changedSeq: 53, content: { kind: "deleted", byId: "me" } }));
    expect(unread(view(), "me").count).toBe(39);
  });

  test("a page that covers what was counted makes the count one's own", () => {
    const { model, view } = modelWith(12, { readSeq: 2, unreadCount: 9 });
    const messages = [3, 4, 5, 6, 7, 8, 9, 10, 11, 12].map((seq) => message(seq, seq === 4 ? { senderId: "me" } : {}));
    applyPage(model, "r", { messages, hasOlder: false, hasNewer: false, headSeq: 12 }, { after: 0, upTo: 12 });
    expect(unread(view(), "me")).toEqual({ count: 9, more: false, mentions: 0, flagged: false, threads: false });
  });

  test("messages in threads are known but neither shown nor counted; mentions are counted apart", () => {
    const { view, tell } = modelWith(1);
    tell(2, message(2, { threadSeq: 1 }));
    expect([view().order, unread(view(), "me").count, view().lastMessage]).toEqual([[], 0, undefined]);
    expect(view().messages.has(2)).toBe(true);
    tell(3, message(3, { mentions: [{ name: "me", userId: "me", all: false, here: false }] }));
    tell(4, message(4, { mentions: [{ name: "all", userId: "", all: true, here: false }] }));
    tell(5, message(5, { mentions: [{ name: "eve", userId: "eve", all: false, here: false }] }));
    expect(unread(view(), "me")).toEqual({ count: 3, more: false, mentions: 2, flagged: false, threads: false });
  });

  test("the newer state of a message wins, whichever way it came", () => {
    const { model, view, tell } = modelWith(1);
    tell(2, message(2));
    applyMessages(model, [message(2, { changedSeq: 4, content: text("edited"), editedAt: 9 })]);
    tell(3, message(2, { changedSeq: 3, reactions: [{ emoji: "👍", count: 1, userIds: ["a"], mine: false }] }));
    expect(view().messages.get(2)?.content).toEqual(text("edited"));
    expect(view().lastMessage?.editedAt).toBe(9);
  });

  test("a message alone, far from what is known, is no part of the timeline", () => {
    const { model, view } = modelWith(100);
    applyMessages(model, [message(7)]);
    expect(messagesIn(view(), tail(view()))).toEqual([]);
    expect(rangeOf(view().ranges, 7)).toBeUndefined();
  });

  test("what was sent stays in sight until the log has come there, and is shown once", () => {
    const { model, tell } = modelWith(1);
    const unsent = { clientMessageId: "c2", roomId: "r", text: "m2", replyTo: 0, threadSeq: 0, attachmentIds: [], at: 1 };
    applyUpdate(model, { kind: "queued", message: unsent });
    applyUpdate(model, { kind: "sent", id: "c2", message: message(2, { senderId: "me" }) });
    expect(model.outbox).toHaveLength(1);
    tell(2, message(2, { senderId: "me" }));
    expect(model.outbox).toHaveLength(0);
  });

  test("applying changes twice does no harm, and a snapshot makes another tab the same", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(9), fc.boolean()), { maxLength: 40 }), (steps) => {
        const { model, view, tell } = modelWith(10);
        steps.forEach(([back, fresh], i) => {
          const seq = 11 + i;
          const at = fresh ? seq : Math.max(seq - back, 1);
          const it = message(at, { changedSeq: seq, content: text(`${at} as of ${seq}`) });
          tell(seq, it);
          tell(seq, it);
        });
        expect([...view().order]).toEqual([...view().messages.keys()].sort((a, b) => a - b));
        const other = emptyModel(ME);
        applyUpdate(other, { kind: "snapshot", snapshot: structuredClone(takeSnapshot(model, () => undefined)) });
        const there = other.rooms.get("r")!;
        expect(tail(there).upTo).toBe(tail(view()).upTo);
        expect(unread(there, "me").count).toBe(unread(view(), "me").count);
      }),
    );
  });
});

test("people whose names look the same are known as namesakes as long as they are", () => {
  const model = emptyModel(ME);
  const named = (id: string, displayName: string) => [...new Set(applyUsers(model, [{ ...ME, id, displayName }]))].sort();
  const namesakes = () => ["me", "a", "b", "c"].filter((id) => hasNameCollision(model, id));
  expect(named("a", "Ada Lovelace")).toEqual(["user:a"]);
  expect(named("b", "Bob")).toEqual(["user:b"]);
  expect(namesakes()).toEqual([]);
  expect(named("b", "ＡＤＡ  lovelace")).toEqual(["user:a", "user:b"]);
  expect(namesakes()).toEqual(["a", "b"]);
  expect(named("c", "me")).toEqual(["user:c", "user:me"]);
  expect(namesakes()).toEqual(["me", "a", "b", "c"]);
  // Told again, or changed in another way, they still are.
  named("c", "Me");
  named("a", "Ada Lovelace");
  expect(namesakes()).toEqual(["me", "a", "b", "c"]);
  expect(named("a", "Ada")).toEqual(["user:a", "user:b"]);
  named("c", "Cid");
  expect(namesakes()).toEqual([]);
});

test("names that the server refuses are not asked for again, nor any after the page has gone", async () => {
  vi.useFakeTimers();
  let asked = 0;
  const people = (code: "final" | "unavailable") =>
    new UserLoader({ getUsers: () => (asked++, Promise.reject(new Failure(code, "", ""))) }, () => undefined);
  people("final").request("a");
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked).toBe(1);
  const gone = people("unavailable");
  gone.request("b");
  await vi.advanceTimersByTimeAsync(10_000);
  expect(asked).toBeGreaterThan(2);
  gone.stop();
  const before = asked;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked).toBe(before);
  vi.useRealTimers();
});

describe("a long log", () => {
  const long = () => {
    const it = modelWith(5_000);
    it.model.visibleRooms.add("r");
    const read = (after: number, upTo: number) => {
      const messages = Array.from({ length: upTo - after }, (_, i) => message(after + 1 + i));
      applyPage(it.model, "r", { messages, hasOlder: after > 0, hasNewer: upTo < 5_000, headSeq: 5_000 }, { after, upTo });
    };
    return { ...it, read };
  };

  test("what lies far from the reader is forgotten, but for the newest, and can be read again", () => {
    const { model, view, tell, read } = long();
    read(1_000, 5_000);
    evictDistant(view(), { after: 1_000, upTo: 1_500 }, "me");
    expect(view().ranges).toEqual([{ after: 1_000, upTo: 1_500 }, { after: 4_800, upTo: 5_000 }]);
    expect(view().order).toEqual([...view().messages.keys()].sort((a, b) => a - b));
    expect(view().order).toHaveLength(700);
    tell(5_001, message(5_001));
    expect(tail(view())).toEqual({ after: 4_800, upTo: 5_001 });
    expect(unread(view(), "me").count).toBe(1);
    read(1_500, 4_800);
    expect(view().ranges).toEqual([{ after: 1_000, upTo: 5_001 }]);
    expect(messagesIn(view(), { after: 1_000, upTo: 5_001 }).map(({ seq }) => seq)).toEqual(Array.from({ length: 4_001 }, (_, i) => 1_001 + i));
    expect(takeSnapshot(model, () => undefined).rooms[0]?.lastMessage?.seq).toBe(5_001);
  });

  test("what is unread is counted, and therefore kept", () => {
    const { view, read } = long();
    view().readSeq = 2_000;
    read(0, 5_000);
    expect(unread(view(), "me").count).toBe(999);
    evictDistant(view(), { after: 0, upTo: 500 }, "me");
    expect(view().ranges).toEqual([{ after: 0, upTo: 500 }, { after: 2_000, upTo: 5_000 }]);
    expect(unread(view(), "me").count).toBe(999);
  });

  test("the stretch that live changes go to stays, even if nothing of it is known", () => {
    const { view, tell, read } = long();
    read(0, 2_500);
    evictDistant(view(), { after: 0, upTo: 500 }, "me");
    expect(view().ranges).toEqual([{ after: 0, upTo: 500 }, { after: 2_300, upTo: 2_500 }, { after: 5_000, upTo: 5_000 }]);
    tell(5_001, message(5_001));
    expect(messagesIn(view(), tail(view())).map(({ seq }) => seq)).toEqual([5_001]);
  });
});

describe("notifies", () => {
  interface Case {
    name: string;
    message: { own?: boolean; known?: boolean; edited?: boolean; reacted?: boolean; deleted?: boolean; system?: boolean; mentions?: string[]; thread?: boolean };
    user: { level?: "all" | "mentions" | "nothing"; muted?: string; presence?: string; blocks_sender?: boolean; has_read?: boolean; follows_thread?: boolean };
    notifies: boolean;
  }
  for (const { name, message: said, user, notifies: expected } of notifyCases as Case[]) {
    test(name, () => {
      const content: Content = said.system
        ? { kind: "system", what: "joined", detail: "", aboutId: "", staff: "user" }
        : said.deleted ? { kind: "deleted", byId: "you" } : text("hi");
      const mentions = (said.mentions ?? []).map((who) => ({
        name: who, userId: ["all", "here"].includes(who) ? "" : who, all: who === "all", here: who === "here",
      }));
      const it = message(10, {
        changedSeq: said.edited || said.reacted ? 11 : 10, senderId: said.own ? "me" : "you", threadSeq: said.thread ? 5 : 0, content, mentions,
      });
      const presence = { do_not_disturb: "doNotDisturb", away: "away", invisible: "invisible" }[user.presence ?? ""] ?? "online";
      const context = {
        me: "me",
        preferences: { roomId: "r", level: user.level ?? "all", mutedUntil: { now: 1_001, before: 1_000 }[user.muted ?? ""] ?? 0, starred: false },
        knownSeq: said.known ? 10 : 9,
        readSeq: user.has_read ? 10 : 9,
        presence: presence as PresenceState,
        senderBlocked: user.blocks_sender ?? false,
        followsThread: user.follows_thread ?? false,
        now: 1_000,
      };
      expect(shouldNotify(it, context)).toBe(expected);
    });
  }
});

test("known stretches stay sorted, apart, and hold exactly what was told", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(60), fc.nat(12)), { maxLength: 30 }), (told) => {
      let ranges: Ranges = [];
      const all = new Set<number>();
      for (const [after, length] of told) {
        ranges = addRange(ranges, { after, upTo: after + length });
        for (let seq = after + 1; seq <= after + length; seq++) all.add(seq);
      }
      for (let i = 1; i < ranges.length; i++) expect(ranges[i]!.after).toBeGreaterThan(ranges[i - 1]!.upTo);
      for (let seq = 1; seq <= 75; seq++) expect(rangeOf(ranges, seq) !== undefined).toBe(all.has(seq));
    }),
  );
});

test("rows are grouped by sender and time, parted by days, and keep their identity", () => {
  const rows = new Rows();
  const day = new Date(2026, 5, 1, 12).getTime();
  const at = (minutes: number) => ({ postedAt: day + minutes * 60_000 });
  const messages = [
    message(1, at(0)), message(2, at(1)), message(3, at(20)), message(4, { ...at(21), senderId: "me" }), message(5, at(60 * 24)),
  ];
  const input = { messages, outbox: [], me: "me", after: 0, newAfter: 4 };
  const built = rows.build(input);
  expect(built.map((row) => row.kind)).toEqual(["start", "message", "message", "message", "message", "message"]);
  const above = built.map((row) => (row.kind === "start" ? "" : `${row.day === undefined ? "" : "day"}${row.startsNew ? "line" : ""}`));
  expect(above).toEqual(["", "day", "", "", "", "dayline"]);
  const elsewhere = new Rows().build({ ...input, messages: messages.slice(2), after: 3, newAfter: 1 });
  expect(elsewhere.some((row) => row.kind !== "start" && row.startsNew), "a line that belongs before what is known").toBe(false);
  expect(built.flatMap((row) => (row.kind === "message" ? [row.first] : []))).toEqual([true, false, true, true, true]);
  const again = rows.build({ ...input, messages: [...messages, message(6, at(60 * 24 + 1))] });
  expect(again.slice(0, built.length).every((row, i) => row === built[i])).toBe(true);
});

test("typing is told at most every three seconds, and its end once", () => {
  const throttle = new TypingThrottle();
  expect([0, 100, 2_999, 3_000, 3_100].map((now) => throttle.input(now))).toEqual([true, false, false, true, false]);
  expect([throttle.stop(3_200), throttle.stop(3_300)]).toEqual([true, false]);
});

describe("positions are of no use any more", () => {
  const ready = (epoch: string) => ({ kind: "ready", me: ME, choice: "online", epoch }) as const;
  const snapshot = (epoch: string | undefined) => ({ kind: "snapshot", snapshot: { ...takeSnapshot(emptyModel(ME), () => undefined), epoch } }) as const;
  const reset = (headSeq: number, logId = "log") => {
    const { room, ...rest } = summary(headSeq);
    return { kind: "reset", summary: { ...rest, room: { ...room, logId } }, messages: [] } as const;
  };

  test("where the store is another one, or a room has another log or is shorter than it was", () => {
    const { model } = modelWith(10);
    expect([ready("e"), snapshot("e"), reset(9)].map((it) => isStoreReplaced(model, it)), "no store was known yet").toEqual([false, false, true]);
    applyUpdate(model, ready("e"));
    expect([ready("e"), snapshot("e"), snapshot(undefined), reset(10)].map((it) => isStoreReplaced(model, it))).toEqual([false, false, false, false]);
    expect([ready("f"), snapshot("f"), reset(9), reset(10, "another")].map((it) => isStoreReplaced(model, it))).toEqual([true, true, true, true]);
    // What waits to be told anew is known to be another already.
    applyUpdate(model, ready("f"));
    expect(isStoreReplaced(model, reset(10, "another"))).toBe(false);
  });

  test("what was stored in the store that is gone is not waited for", () => {
    const { model } = modelWith(10);
    applyUpdate(model, ready("e"));
    const unsent = (id: string) => ({ clientMessageId: id, roomId: "r", text: id, replyTo: 0, threadSeq: 0, attachmentIds: [], at: 0 });
    for (const id of ["stored", "waiting"]) applyUpdate(model, { kind: "queued", message: unsent(id) });
    applyUpdate(model, { kind: "sent", id: "stored", message: message(11, { senderId: "me", clientMessageId: "stored" }) });
    expect(model.outbox.map(({ sentSeq }) => sentSeq)).toEqual([11, 0]);
    applyUpdate(model, ready("f"));
    expect(model.outbox.map(({ message }) => message.text)).toEqual(["waiting"]);
  });
});
