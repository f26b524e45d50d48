// The model is kept by applying updates; pure but for the model it is given.
// Changes are state, so applying one twice does no harm. Each function returns
// which topics it touched, so that only what shows them is drawn again.

import type { Message, Page, Receipt, RoomChange, RoomSettings, RoomSummary, SystemKind, User } from "../nouns";
import type { Snapshot, Update } from "../sync/update";
import type { Model, RoomView, Waiting } from "./model";
import { calls, tail, unread } from "./model";
import { firstAfter, known } from "./ranges";
import { threadGrew, threadMarks, threadRead } from "./threads";

/** `rooms`: which there are, and all that a list of them shows. */
export type Topic =
  | "connection"
  | "me"
  | "rooms"
  | "outbox"
  | "blocked"
  | `room:${string}`
  | `timeline:${string}`
  | `message:${string}`
  | `pins:${string}`
  | `thread:${string}`
  | `threads:${string}`
  | `receipts:${string}`
  | `link:${string}`
  | `members:${string}`
  | `typing:${string}`
  | `user:${string}`
  | `presence:${string}`;

/** Takes in one update. */
export function apply(model: Model, update: Update): Topic[] {
  switch (update.kind) {
    case "connection":
      model.connection = update.state;
      return ["connection"];
    case "ready":
      return ready(model, update);
    case "choice":
      model.choice = update.choice;
      return ["me"];
    case "change":
      return change(model, update.change);
    case "reset":
      return [...begin(model, update.summary), ...page(model, update.summary.room.id, update.messages)];
    case "roomAdded":
      return begin(model, update.summary);
    case "roomGone":
      return gone(model, update.roomId);
    case "typing":
      return typing(model, update.roomId, update.userId, update.typing);
    case "presence":
      model.presences.set(update.presence.userId, update.presence);
      return [`presence:${update.presence.userId}`];
    case "readMark":
      return update.userId === model.me.id ? ownMark(model, update) : [];
    case "receipt":
      return receipts(model, [update.receipt]);
    case "roomSettings":
      return applySettings(model, update.settings);
    case "watched":
      return update.rooms.flatMap((watched) => {
        const view = model.rooms.get(watched.roomId);
        if (!view) return [];
        view.room = { ...view.room, memberCount: watched.memberCount };
        view.onlineCount = watched.onlineCount;
        model.typing.set(watched.roomId, watched.typing.filter((user) => user !== model.me.id));
        for (const presence of watched.presences) model.presences.set(presence.userId, presence);
        const people = watched.presences.map(({ userId }): Topic => `presence:${userId}`);
        const marks = receipts(model, watched.receipts);
        return [`room:${watched.roomId}`, `typing:${watched.roomId}`, ...people, ...marks] satisfies Topic[];
      });
    case "queued":
      return waiting(model, { message: update.message, refused: "", sentSeq: 0 });
    case "refused":
      return waiting(model, { message: update.message, refused: update.reason, sentSeq: 0 });
    case "sent":
      return sent(model, update.id, update.message);
    case "discarded":
      return discard(model, ({ message }) => message.clientMessageId === update.id);
    case "snapshot":
      return snapshot(model, update.snapshot);
  }
}

/** Takes in a page of history that covers the positions after `after` up to `upTo`. */
export function applyPage(model: Model, roomId: string, read: Page, cover: { after: number; upTo: number }): Topic[] {
  const view = model.rooms.get(roomId);
  // The room may have gone, or begun anew, while the page was under way.
  if (!view || cover.after > read.headSeq) return [];
  putAll(view, read.messages);
  view.known = known(view.known, cover);
  return [`timeline:${roomId}`, ...newest(view)];
}

/** Messages as calls answered them, newer than what the stream told. */
export function applyMessages(model: Model, messages: readonly Message[]): Topic[] {
  return messages.flatMap((message) => {
    const view = model.rooms.get(message.roomId);
    return view ? changed(view, message, false) : [];
  });
}

/** What the user has set for themselves in a room, here or on another device. */
export function applySettings(model: Model, settings: RoomSettings): Topic[] {
  const view = model.rooms.get(settings.roomId);
  if (!view) return [];
  view.settings = settings;
  return ["rooms", `room:${settings.roomId}`];
}

/** Marks never move backwards. */
function receipts(model: Model, all: readonly Receipt[]): Topic[] {
  const rooms = new Set<string>();
  for (const receipt of all) {
    const { roomId, userId } = receipt;
    if (userId === model.me.id) continue;
    model.rooms.get(roomId)?.receipts.set(userId, receipt);
    rooms.add(roomId);
  }
  return [...rooms].map((room): Topic => `receipts:${room}`);
}

export function applyBlocked(model: Model, userIds: Iterable<string>): Topic[] {
  model.blocked = new Set(userIds);
  return ["blocked"];
}

/** The user has read up to here, which also takes a flag away; never moves backwards. */
export function markRead(model: Model, roomId: string, seq: number): Topic[] {
  const view = model.rooms.get(roomId);
  if (!view || (seq <= view.readSeq && !view.unreadFrom)) return [];
  view.readSeq = Math.max(seq, view.readSeq);
  view.unreadFrom = 0;
  return ["rooms", `room:${roomId}`];
}

/** The user has flagged the room as unread from here on. */
export function markUnread(model: Model, roomId: string, from: number): Topic[] {
  const view = model.rooms.get(roomId);
  if (!view || view.unreadFrom === from) return [];
  view.unreadFrom = from;
  return ["rooms", `room:${roomId}`];
}

function ownMark(model: Model, { roomId, readSeq, threadSeq, unreadFrom }: Extract<Update, { kind: "readMark" }>): Topic[] {
  if (threadSeq) return threadRead(model, roomId, threadSeq, readSeq);
  return [...markRead(model, roomId, readSeq), ...markUnread(model, roomId, unreadFrom)];
}

export function applyUsers(model: Model, users: readonly User[]): Topic[] {
  for (const user of users) model.users.set(user.id, user);
  return users.map((user): Topic => `user:${user.id}`);
}

/** The caller's own profile, as it is now. */
export function applyMe(model: Model, me: User): Topic[] {
  model.me = me;
  return ["me", ...applyUsers(model, [me])];
}

/** All that another tab has to know to follow this one. */
export function takeSnapshot(model: Model): Snapshot {
  return {
    me: model.me,
    choice: model.choice,
    connection: model.connection,
    rooms: [...model.rooms.values()].map((view) => {
      const { count, more, mentions } = unread(view, model.me.id);
      const { counted, unread: threads } = view.threads;
      return {
        room: { ...view.room, headSeq: tail(view).upTo },
        role: view.role,
        mutedUntil: view.mutedUntil,
        readSeq: view.readSeq,
        unreadCount: count,
        unreadMore: more,
        unreadMentions: mentions,
        unreadThreads: counted + threads.size,
        unreadFrom: view.unreadFrom,
        settings: view.settings,
        lastMessage: view.last,
      };
    }),
    users: [...model.users.values()],
    presences: [...model.presences.values()],
  };
}

function ready(model: Model, { me, choice }: Extract<Update, { kind: "ready" }>): Topic[] {
  model.choice = choice;
  // Who stopped typing or went while there was no stream was not told of.
  const rooms = [...model.typing.keys()];
  const people = [...model.presences.keys()];
  model.typing.clear();
  model.presences.clear();
  return [
    ...applyMe(model, me),
    ...rooms.map((room): Topic => `typing:${room}`),
    ...people.map((id): Topic => `presence:${id}`),
  ];
}

function begin(model: Model, summary: RoomSummary): Topic[] {
  const { room } = summary;
  const view: RoomView = {
    room,
    role: summary.role,
    mutedUntil: summary.mutedUntil,
    readSeq: summary.readSeq,
    messages: new Map(),
    order: [],
    known: [{ after: room.headSeq, upTo: room.headSeq }],
    last: summary.lastMessage,
    counted: {
      count: summary.unreadCount,
      more: summary.unreadMore,
      mentions: summary.unreadMentions,
      upTo: room.headSeq,
    },
    unreadFrom: summary.unreadFrom,
    threads: threadMarks(summary.unreadThreads, room.headSeq, model.rooms.get(room.id)?.threads.follows),
    settings: summary.settings,
    receipts: model.rooms.get(room.id)?.receipts ?? new Map(),
    onlineCount: model.rooms.get(room.id)?.onlineCount ?? 0,
  };
  model.rooms.set(room.id, view);
  const id = room.id;
  return ["rooms", `room:${id}`, `timeline:${id}`, `members:${id}`, `pins:${id}`, `threads:${id}`, ...arrived(model, room.id, room.headSeq)];
}

/** The newest page, oldest message first. */
function page(model: Model, roomId: string, messages: readonly Message[]): Topic[] {
  const view = model.rooms.get(roomId);
  const first = messages[0];
  if (!view || !first) return [];
  putAll(view, messages);
  view.known = known(view.known, { after: first.seq - 1, upTo: view.room.headSeq });
  return [`timeline:${roomId}`];
}

function gone(model: Model, roomId: string): Topic[] {
  model.rooms.delete(roomId);
  model.typing.delete(roomId);
  return ["rooms", `room:${roomId}`, `timeline:${roomId}`, `typing:${roomId}`, `pins:${roomId}`];
}

function change(model: Model, { roomId, seq, message, member, room }: RoomChange): Topic[] {
  const touched: Topic[] = [];
  if (member) touched.push(...applyUsers(model, [{ ...model.users.get(member.user.id), ...member.user }]));
  const view = model.rooms.get(roomId);
  if (!view) return touched;
  if (room && room.changedSeq >= view.room.changedSeq) view.room = { ...room, memberCount: view.room.memberCount };
  view.room = { ...view.room, headSeq: Math.max(view.room.headSeq, seq) };
  // What comes follows on the tail, or overlaps it.
  const { upTo } = tail(view);
  view.known = known(view.known, { after: upTo, upTo: Math.max(upTo, seq) });
  touched.push(`timeline:${roomId}`, `room:${roomId}`);
  if (member) {
    if (member.user.id === model.me.id) {
      view.role = member.role;
      view.mutedUntil = member.mutedUntil;
    }
    touched.push(`members:${roomId}`);
  }
  if (message) {
    const posted = message.seq === seq;
    // A change comes once, so what it tells can be added up.
    if (posted && message.content.kind === "system") countMember(view, message.content.what);
    if (message.content.kind === "deleted") uncount(view, message, model.me.id);
    touched.push(...changed(view, message, posted));
    if (posted && message.threadSeq) touched.push(...threadGrew(view, message, model.me.id));
    if (posted) touched.push(...typing(model, roomId, message.senderId, false));
    if (message.senderId === model.me.id) {
      touched.push(...discard(model, (entry) => entry.message.clientMessageId === message.clientMessageId));
    }
  }
  return [...touched, "rooms", ...arrived(model, roomId, seq)];
}

/** One message is new, or is another than before. */
function changed(view: RoomView, message: Message, posted: boolean): Topic[] {
  const { roomId, seq } = message;
  const before = view.messages.get(seq);
  putAll(view, [message]);
  if (message.threadSeq) return [`message:${roomId}:${seq}`, `thread:${roomId}:${message.threadSeq}`];
  const pins = message.pin !== undefined || before?.pin !== undefined || (!before && !posted);
  return [`timeline:${roomId}`, `message:${roomId}:${seq}`, ...(pins ? [`pins:${roomId}` as const] : []), ...newest(view)];
}

/** A message that only the server had counted as unread was deleted. */
function uncount(view: RoomView, message: Message, me: string): void {
  const { seq, senderId, threadSeq } = message;
  const { counted } = view;
  if (senderId === me || threadSeq || seq <= view.readSeq || seq > counted.upTo || counted.more) return;
  const before = view.messages.get(seq);
  const mentions = counted.mentions - (before && calls(before, me) ? 1 : 0);
  view.counted = { ...counted, count: Math.max(counted.count - 1, 0), mentions: Math.max(mentions, 0) };
}

const COMES: Partial<Record<SystemKind, number>> = { joined: 1, added: 1, left: -1, removed: -1 };

function countMember(view: RoomView, what: SystemKind): void {
  const by = COMES[what] ?? 0;
  view.room = { ...view.room, memberCount: Math.max(view.room.memberCount + by, 0) };
}

function typing(model: Model, roomId: string, userId: string, types: boolean): Topic[] {
  const list = model.typing.get(roomId) ?? [];
  if (userId === model.me.id || list.includes(userId) === types) return [];
  model.typing.set(roomId, types ? [...list, userId] : list.filter((user) => user !== userId));
  return [`typing:${roomId}`];
}

/** The newer state of a message wins. */
function putAll(view: RoomView, messages: readonly Message[]): void {
  const fresh: number[] = [];
  for (const message of messages) {
    const before = view.messages.get(message.seq);
    if (before && before.changedSeq >= message.changedSeq) continue;
    // What is in a thread is known, but no part of the timeline.
    if (!before && !message.threadSeq) fresh.push(message.seq);
    view.messages.set(message.seq, message);
  }
  const [first] = fresh;
  if (first === undefined) return;
  // Pages are sorted and lie apart from what is known, or at its end: one cut.
  const at = firstAfter(view.order, first);
  const rest = view.order.slice(at);
  if (!rest.length) view.order.push(...fresh);
  else if ((fresh[fresh.length - 1] ?? 0) < (rest[0] ?? 0)) view.order.splice(at, 0, ...fresh);
  else view.order = [...view.order, ...fresh].sort((a, b) => a - b);
}

function newest(view: RoomView): Topic[] {
  for (let i = view.order.length - 1; i >= 0; i--) {
    const message = view.messages.get(view.order[i] ?? 0);
    if (!message || message.seq < (view.last?.seq ?? 0)) return [];
    if (message.content.kind === "system") continue;
    if (message === view.last) return [];
    view.last = message;
    return ["rooms"];
  }
  return [];
}

function waiting(model: Model, entry: Waiting): Topic[] {
  const at = model.outbox.findIndex(({ message }) => message.clientMessageId === entry.message.clientMessageId);
  model.outbox = at < 0 ? [...model.outbox, entry] : model.outbox.with(at, entry);
  return ["outbox"];
}

/** It stays in sight until the room's log has come to its position. */
function sent(model: Model, id: string, message: Message): Topic[] {
  const view = model.rooms.get(message.roomId);
  if (!view || tail(view).upTo >= message.seq) return discard(model, (entry) => entry.message.clientMessageId === id);
  model.outbox = model.outbox.map((entry) =>
    entry.message.clientMessageId === id ? { ...entry, refused: "", sentSeq: message.seq } : entry,
  );
  return ["outbox"];
}

/** The room's log has come to this position. */
function arrived(model: Model, roomId: string, seq: number): Topic[] {
  return discard(model, ({ message, sentSeq }) => message.roomId === roomId && sentSeq > 0 && sentSeq <= seq);
}

function discard(model: Model, which: (entry: Waiting) => boolean): Topic[] {
  const rest = model.outbox.filter((entry) => !which(entry));
  if (rest.length === model.outbox.length) return [];
  model.outbox = rest;
  return ["outbox"];
}

function snapshot(model: Model, { me, choice, connection, rooms, users, presences }: Snapshot): Topic[] {
  const before = [...model.rooms.keys()].flatMap((room) => gone(model, room));
  model.choice = choice;
  model.connection = connection;
  for (const presence of presences) model.presences.set(presence.userId, presence);
  return [
    ...before,
    "connection",
    ...applyUsers(model, users),
    ...applyMe(model, me),
    ...rooms.flatMap((summary) => begin(model, summary)),
    ...presences.map(({ userId }): Topic => `presence:${userId}`),
  ];
}
