// The model after what it was told, against the table of cases that all clients share.

import { describe, expect, test } from "vitest";

import table from "../../cases/apply.json";
import type { Content, Delta, Message, NotificationLevel, RoomChange, RoomSummary, SystemKind, User } from "../src/domain/types";
import { applyUpdate, applyPage } from "../src/stores/model/apply";
import { emptyModel, messagesIn, tail } from "../src/stores/model/model";
import { unread } from "../src/stores/reading/unread";
import type { Update } from "../src/sync/update";

interface Said {
  seq: number;
  text?: string;
  deleted?: string;
  system?: SystemKind;
  from?: string;
  changed?: number;
  edited?: boolean;
  reactions?: [emoji: string, ...userIds: string[]][];
  pinned?: string;
  thread?: number;
  id?: string;
}

interface Begin {
  head: number;
  read: number;
  unread?: number;
}

interface Step {
  change?: { seq: number; message?: Said; member?: { id: string; name: string; state: "joined" | "left" }; room?: { name: string; changed: number }; reaction?: ReactionStep; pin?: PinStep };
  page?: { older: boolean; messages: Said[] };
  reset?: Begin & { messages: Said[] };
  roomAdded?: Begin;
  roomGone?: string;
  readMarker?: { read: number; of?: string; flag?: number };
  roomPreferences?: Settings;
  queued?: string;
  sent?: Said;
}

interface ReactionStep {
  of: number;
  emoji: string;
  users: string[];
  by: string;
  added: boolean;
}

interface PinStep {
  of: number;
  by: string;
  pinned: boolean;
}

interface Settings {
  level: NotificationLevel;
  starred: boolean;
}

interface View {
  head?: number;
  name?: string;
  read?: number;
  flag?: number;
  unread?: number;
  messages?: Said[];
  last?: Said;
  people?: Record<string, string>;
  settings?: Settings;
  waiting?: string[];
}

const user = (id: string, displayName: string): User => ({ id, username: id, displayName, bio: "", statusText: "", createdAt: 0, photoId: "" });

function content({ text, deleted, system }: Said): Content {
  if (text !== undefined) return { kind: "text", text };
  if (deleted !== undefined) return { kind: "deleted", byId: deleted };
  return { kind: "system", what: system!, detail: "", aboutId: "", staff: "user" };
}

function message(it: Said): Message {
  return {
    roomId: "r", seq: it.seq, senderId: it.from ?? "you", postedAt: it.seq, changedSeq: it.changed ?? it.seq, clientMessageId: it.id ?? "",
    content: content(it), replyTo: 0, editedAt: it.edited ? 1 : 0,
    reactions: (it.reactions ?? []).map(([emoji, ...userIds]) => ({ emoji, count: userIds.length, userIds, mine: userIds.includes("me") })),
    pin: it.pinned === undefined ? undefined : { userId: it.pinned, at: 1 },
    mentions: [], attachments: [], threadSeq: it.thread ?? 0, thread: undefined,
  };
}

const settings = (it: Settings) => ({ roomId: "r", mutedUntil: 0, ...it });

function room(name: string, changedSeq: number, headSeq: number) {
  return {
    id: "r", kind: "public", name, topic: "", createdAt: 0, memberCount: 2, changedSeq, headSeq,
    archivedAt: 0, directUserIds: [], pictureId: "", history: "fromStart", joinNewAccounts: false, logId: "log",
  } as const;
}

const summary = ({ head, read, unread = 0 }: Begin): RoomSummary => ({
  room: room("Room", 1, head), role: "member", mutedUntil: 0, readSeq: read, unreadCount: unread, unreadMore: false, unreadMentions: 0,
  unreadThreads: 0, unreadFrom: 0, settings: settings({ level: "all", starred: false }), lastMessage: undefined,
});

function change(it: NonNullable<Step["change"]>): RoomChange {
  const { seq, message: said, member, room: named, reaction, pin } = it;
  return {
    roomId: "r", seq, afterSeq: seq - 1, message: said && message(said),
    member: member && { user: user(member.id, member.name), role: "member", state: member.state, changedSeq: seq, mutedUntil: 0 },
    room: named && room(named.name, named.changed, seq),
    delta: (reaction && reactionDelta(reaction)) ?? (pin && { kind: "pin", seq: pin.of, pin: pin.pinned ? { userId: pin.by, at: 1 } : undefined }),
  };
}

function reactionDelta({ of, emoji, users, by, added }: ReactionStep): Delta {
  return { kind: "reaction", seq: of, reaction: { emoji, count: users.length, userIds: users, mine: undefined }, userId: by, added };
}

function update(it: Step): Update {
  if (it.change) return { kind: "change", change: change(it.change) };
  if (it.reset) return { kind: "reset", summary: summary(it.reset), messages: it.reset.messages.map(message) };
  if (it.roomAdded) return { kind: "roomAdded", summary: summary(it.roomAdded) };
  if (it.roomGone) return { kind: "roomGone", roomId: it.roomGone };
  if (it.readMarker) return { kind: "readMarker", roomId: "r", userId: it.readMarker.of ?? "me", readSeq: it.readMarker.read, threadSeq: 0, unreadFrom: it.readMarker.flag ?? 0 };
  if (it.roomPreferences) return { kind: "roomPreferences", settings: settings(it.roomPreferences) };
  if (it.queued) return { kind: "queued", message: { clientMessageId: it.queued, roomId: "r", text: "mine", replyTo: 0, threadSeq: 0, attachmentIds: [], at: 1 } };
  return { kind: "sent", id: it.sent!.id!, message: message(it.sent!) };
}

describe.each([1, 2])("as in every client, each update told %i times", (times) => {
  for (const { name, steps, view: expected } of table.cases as { name: string; steps: Step[]; view: View | null }[]) {
    test(name, () => {
      const model = emptyModel(user("me", "Me"));
      applyUpdate(model, { kind: "roomAdded", summary: summary({ head: 5, read: 5 }) });
      for (const step of steps.flatMap((it) => Array.from({ length: times }, () => it))) {
        const { page } = step;
        if (!page) applyUpdate(model, update(step));
        else {
          const { upTo } = tail(model.rooms.get("r")!);
          const after = page.older ? page.messages[0]!.seq - 1 : 0;
          applyPage(model, "r", { messages: page.messages.map(message), hasOlder: page.older, hasNewer: false, headSeq: upTo }, { after, upTo });
        }
      }
      const view = model.rooms.get("r");
      if (!expected || !view) return void expect([expected, view]).toEqual([null, undefined]);
      const found: Record<keyof View, unknown> = {
        head: view.room.headSeq,
        name: view.room.name,
        read: view.readSeq,
        flag: view.unreadFrom,
        unread: unread(view, "me").count,
        messages: messagesIn(view, tail(view)),
        last: view.lastMessage,
        people: Object.fromEntries(Object.keys(expected.people ?? {}).map((id) => [id, model.users.get(id)?.displayName])),
        settings: view.preferences,
        waiting: model.outbox.map((it) => it.message.clientMessageId),
      };
      const told = {
        ...expected,
        ...(expected.messages && { messages: expected.messages.map(message) }),
        ...(expected.last && { last: message(expected.last) }),
        ...(expected.settings && { settings: settings(expected.settings) }),
      };
      for (const [key, value] of Object.entries(told)) expect([key, found[key as keyof View]]).toEqual([key, value]);
    });
  }
});

describe("another store", () => {
  const ME: User = { id: "me", username: "me", displayName: "Me", bio: "", statusText: "", createdAt: 0, photoId: "" };
  const ready = (epoch: string): Update => ({ kind: "ready", me: ME, epoch, choice: "online" });
  const live: Update = { kind: "connection", state: { kind: "live" } };

  test("only what is told anew stays", () => {
    const model = emptyModel(ME);
    const add = (id: string, headSeq: number) => applyUpdate(model, { kind: "roomAdded", summary: { room: { id, headSeq }, unreadThreads: [], settings: {} } as never });
    applyUpdate(model, ready("one"));
    for (const id of ["kept", "lost"]) add(id, 9);
    model.users.set("bob", { ...ME, id: "bob" });
    applyUpdate(model, live);
    applyUpdate(model, { kind: "queued", message: { roomId: "kept", clientMessageId: "c", text: "waits" } as never });

    applyUpdate(model, ready("two"));
    // Nothing flickers: rooms are as they were until it is known what there is.
    expect([...model.rooms.keys()]).toEqual(["kept", "lost"]);
    expect([...model.users.keys()]).toEqual([ME.id]);
    add("kept", 4);
    add("new", 1);
    applyUpdate(model, live);
    expect([...model.rooms.values()].map(({ room }) => [room.id, room.headSeq])).toEqual([["kept", 4], ["new", 1]]);
    expect(model.outbox.map(({ message }) => message.clientMessageId)).toEqual(["c"]);
  });
});
