// What is unread: the table of cases that all clients share, and what is this client's own.

import { describe, expect, test } from "vitest";

import table from "../../cases/unread.json";
import type { Content, Message, RoomSummary } from "../src/domain/types";
import { applyUpdate, applyPage } from "../src/stores/model/apply";
import { evictHidden, evictDistant } from "../src/stores/messages/eviction";
import { emptyModel, tail } from "../src/stores/model/model";
import { unread } from "../src/stores/reading/unread";
import { resyncUnread } from "../src/stores/reading/unread-resync";
import { followsThread, applyThread } from "../src/stores/threads/threads";

const ME = { id: "me", username: "me", displayName: "Me", bio: "", statusText: "", createdAt: 0, photoId: "" };
const DELETED: Content = { kind: "deleted", byId: "you" };

function message(seq: number, more: Partial<Message> = {}): Message {
  const rest = { clientMessageId: "", replyTo: 0, editedAt: 0, reactions: [], pin: undefined, mentions: [], attachments: [], threadSeq: 0, thread: undefined };
  return { roomId: "r", seq, senderId: "you", postedAt: seq, changedSeq: seq, content: { kind: "text", text: "text" }, ...rest, ...more };
}

const mention = (name: string) => ({ name, userId: name === "all" ? "" : name, all: name === "all", here: false });

interface Begin {
  head: number;
  read: number;
  unread?: number;
  mentions?: number;
  more?: boolean;
}

function summary({ head, read, unread = 0, mentions = 0, more = false }: Begin): RoomSummary {
  const room = {
    id: "r", kind: "public", name: "Room", topic: "", creatorId: "", createdAt: 0, memberCount: 2,
    changedSeq: 1, headSeq: head, archivedAt: 0, directUserIds: [], pictureId: "", history: "fromStart", joinNewAccounts: false, logId: "log",
  } as const;
  const settings = { roomId: "r", level: "all", mutedUntil: 0, starred: false } as const;
  return { room, role: "member", mutedUntil: 0, readSeq: read, unreadCount: unread, unreadMore: more, unreadMentions: mentions, unreadThreads: 0, unreadFrom: 0, settings, lastMessage: undefined };
}

function begun(begin: Begin) {
  const model = emptyModel(ME);
  applyUpdate(model, { kind: "roomAdded", summary: summary(begin) });
  const view = () => model.rooms.get("r")!;
  return {
    model,
    view,
    tell: (at: number, it: Message, knownSeq = at - 1) =>
      applyUpdate(model, { kind: "change", change: { roomId: "r", seq: at, afterSeq: at - 1, message: { ...it, changedSeq: at }, member: undefined, room: undefined }, knownSeq }),
    read: (readSeq: number) => applyUpdate(model, { kind: "readMarker", roomId: "r", userId: "me", readSeq, threadSeq: 0, unreadFrom: 0 }),
    page(after: number, upTo: number): void {
      const messages = Array.from({ length: upTo - after }, (_, i) => message(after + 1 + i));
      applyPage(model, "r", { messages, hasOlder: after > 0, hasNewer: false, headSeq: tail(view()).upTo }, { after, upTo });
    },
    counts: () => {
      const { count, mentions, more } = unread(view(), "me");
      return { count, mentions, more };
    },
  };
}

describe("as in every client", () => {
  interface Step {
    at?: number;
    post?: { own?: boolean; system?: boolean; thread?: number; mentions?: string[] };
    delete?: { seq: number; own?: boolean };
    read?: number;
    page?: number[];
  }
  for (const { name, begin, steps, unread: count, mentions = 0, more = false } of table.cases as { name: string; begin: Begin; steps: Step[]; unread: number; mentions?: number; more?: boolean }[]) {
    test(name, () => {
      const room = begun(begin);
      for (const { at = 0, post, delete: gone, read, page } of steps) {
        if (post) {
          const content: Content = post.system ? { kind: "system", what: "joined", detail: "", aboutId: "", staff: "user" } : { kind: "text", text: "text" };
          room.tell(at, message(at, { senderId: post.own ? "me" : "you", threadSeq: post.thread ?? 0, mentions: (post.mentions ?? []).map(mention), content }));
        } else if (gone) room.tell(at, message(gone.seq, { senderId: gone.own ? "me" : "you", content: DELETED }));
        else if (page) room.page(page[0]!, page[1]!);
        else room.read(read!);
      }
      expect(room.counts()).toEqual({ count, mentions, more });
    });
  }
});

describe("a room that is not shown", () => {
  test("keeps few of its messages, and counts the others as before", () => {
    const room = begun({ head: 10, read: 4, unread: 5, mentions: 1 });
    for (let seq = 11; seq <= 900; seq++) {
      const more = seq % 100 === 0 ? { mentions: [mention("me")] } : seq % 10 === 0 ? { senderId: "me" } : seq % 7 === 0 ? { threadSeq: 3 } : {};
      room.tell(seq, message(seq, more));
      const before = room.counts();
      evictHidden(room.view(), "me");
      expect(room.counts()).toEqual(before);
    }
    expect(room.view().messages.size).toBeLessThanOrEqual(300);
    expect(tail(room.view()).upTo).toBe(900);
    expect(room.view().order).toEqual([...room.view().messages.values()].filter((it) => !it.threadSeq).map(({ seq }) => seq));
    const { count } = room.counts();
    // One that is not kept any more counts no more once it is deleted, and is not counted twice.
    room.tell(901, message(101, { content: DELETED }));
    room.tell(902, message(101, { content: DELETED }));
    expect(room.counts().count).toBe(count - 1);
    room.read(902);
    expect(room.counts()).toEqual({ count: 0, mentions: 0, more: false });
  });

  test("counts what was read in part as it is, and still knows in which threads the user is", () => {
    const room = begun({ head: 50, read: 10, unread: 40 });
    room.page(0, 50);
    room.read(30);
    room.tell(51, message(51, { senderId: "me" }));
    room.tell(52, message(52, { threadSeq: 7, mentions: [mention("me")] }));
    for (let seq = 53; seq <= 400; seq++) room.tell(seq, message(seq, { threadSeq: seq % 2 ? 0 : 8 }));
    const before = room.counts();
    evictHidden(room.view(), "me");
    expect(room.counts()).toEqual(before);
    expect(room.view().messages.has(51)).toBe(false);
    expect([51, 7, 8].map((thread) => followsThread(room.view(), thread, "me"))).toEqual([true, true, undefined]);
  });

  test("no more is counted than is shown", () => {
    const room = begun({ head: 1, read: 1 });
    for (let seq = 2; seq <= 1_200; seq++) {
      room.tell(seq, message(seq));
      evictHidden(room.view(), "me");
    }
    expect(room.counts()).toEqual({ count: 999, mentions: 0, more: true });
  });
});

test("of the answers in threads a shown room keeps those that changed last", () => {
  const room = begun({ head: 1, read: 1 });
  for (let seq = 2; seq <= 3_000; seq++) room.tell(seq, message(seq, { threadSeq: 1 }));
  room.tell(3_001, message(2, { threadSeq: 1 }));
  evictDistant(room.view(), { after: 0, upTo: 3_001 }, "me");
  expect(room.view().messages.size).toBe(500);
  expect(room.view().messages.has(2)).toBe(true);
});

describe("what cannot be known is asked for", () => {
  test("a mark that another device sets in the middle of what was not read here", () => {
    const room = begun({ head: 50, read: 10, unread: 40 });
    room.read(30);
    expect(room.view().countStale).toBe(true);
    // Older than what has come since: not taken.
    room.tell(51, message(51));
    expect(resyncUnread(room.model, summary({ head: 50, read: 30, unread: 20 }))).toEqual([]);
    expect(resyncUnread(room.model, summary({ head: 51, read: 30, unread: 21 }))).not.toEqual([]);
    expect(room.view().countStale).toBe(false);
    expect(room.counts().count).toBe(21);
  });

  test("nothing is asked for where all was read, or is known", () => {
    const room = begun({ head: 50, read: 10, unread: 40 });
    room.read(50);
    expect(room.view().countStale).toBe(false);
    const other = begun({ head: 50, read: 10, unread: 40 });
    other.page(0, 50);
    other.read(30);
    expect([other.view().countStale, other.counts().count]).toEqual([false, 20]);
  });

  test("a deleted message with answers, which may have been deleted before the server counted", () => {
    const room = begun({ head: 50, read: 10, unread: 40 });
    room.tell(51, message(20, { content: DELETED, thread: { replies: 1, more: false, lastSeq: 30 } }));
    expect(room.view().countStale).toBe(true);
  });
});

describe("threads", () => {
  const mark = (threadSeq: number, readSeq: number) => ({ kind: "readMarker", roomId: "r", userId: "me", unreadFrom: 0, threadSeq, readSeq }) as const;
  const called = { threadSeq: 2, mentions: [mention("me")] };

  function thread(unreadThreads = 0) {
    const room = begun({ head: 5, read: 5 });
    applyUpdate(room.model, { kind: "reset", summary: { ...summary({ head: 5, read: 5 }), unreadThreads }, messages: [] });
    /** As a stream that resumes: what was missed, then all marks. */
    const resume = (missed: Message[], marks: [thread: number, seq: number][]) => {
      applyUpdate(room.model, { kind: "ready", me: ME, epoch: "e", choice: "online" });
      const knownSeq = room.view().room.headSeq;
      for (const it of missed) room.tell(it.changedSeq, it, knownSeq);
      for (const [at, seq] of marks) applyUpdate(room.model, mark(at, seq));
    };
    const threads = () => room.view().threads;
    const answer = (counted: number, head: number) => {
      threads().staleness = "asked";
      resyncUnread(room.model, { ...summary({ head, read: 5 }), unreadThreads: counted });
    };
    return { ...room, resume, threads, answer, any: () => unread(room.view(), "me").threads };
  }

  test("marks that are told again after an interruption are no news: what was unread stays so", () => {
    const room = thread();
    room.tell(6, message(6, called));
    applyUpdate(room.model, mark(2, 6));
    room.tell(7, message(7, called));
    room.resume([], [[2, 6]]);
    expect([...room.threads().unread]).toEqual([[2, 7]]);
    room.resume([message(8, called)], [[2, 7]]);
    expect([...room.threads().unread], "one of two was read meanwhile").toEqual([[2, 8]]);
    room.resume([], [[2, 8]]);
    expect([room.any(), room.threads().staleness]).toEqual([false, "none"]);
  });

  test("what only the server has counted is asked for again when a mark moves, and no mark takes it away", () => {
    const room = thread(1);
    room.resume([], [[2, 3], [4, 5]]);
    expect([room.any(), room.threads().staleness]).toEqual([true, "some"]);
    room.answer(1, 5);
    room.resume([], [[2, 3], [4, 5]]);
    expect([room.any(), room.threads().staleness], "the same marks once more").toEqual([true, "none"]);
    applyUpdate(room.model, mark(2, 5));
    expect(room.threads().staleness).toBe("some");
    room.answer(0, 5);
    expect(room.any()).toBe(false);
  });

  test("what is read while the server is asked is asked for once more", () => {
    const room = thread(2);
    applyThread(room.view(), { root: message(2), messages: [message(4, called)], hasOlder: false, following: true, readSeq: 3 }, "me");
    expect(room.threads().counted).toBe(1);
    room.threads().staleness = "asked";
    applyUpdate(room.model, mark(2, 4));
    expect([room.any(), room.threads().staleness]).toEqual([true, "some"]);
    room.answer(1, 5);
    expect([room.threads().counted, room.threads().unread.size]).toEqual([1, 0]);
  });

  test("an answer is new after an interruption also where it was changed before it came", () => {
    const room = thread();
    room.tell(6, message(6, called));
    applyUpdate(room.model, mark(2, 6));
    room.resume([message(7, { ...called, changedSeq: 9 }), message(8, { ...called, changedSeq: 10, content: DELETED })], [[2, 6]]);
    expect([...room.threads().unread]).toEqual([[2, 7]]);
    // One that was there before is no news.
    const other = thread();
    other.resume([message(4, { ...called, changedSeq: 6 })], []);
    expect(other.any()).toBe(false);
  });
});

test("a page that was read before the room began anew is not taken in", () => {
  const room = begun({ head: 50, read: 50 });
  applyUpdate(room.model, { kind: "reset", summary: summary({ head: 400, read: 50, unread: 350 }), messages: [message(400)] });
  expect(applyPage(room.model, "r", { messages: [message(40)], hasOlder: true, hasNewer: true, headSeq: 50 }, { after: 39, upTo: 40 })).toEqual([]);
  expect(room.view().messages.has(40)).toBe(false);
});
