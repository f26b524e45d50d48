// Applies updates to the model. Changes are state, so applying one twice does no
// harm. Each function returns the topics that changed, so that only their listeners
// are run again.

import type { RoomChange, RoomPreferences, RoomSummary, SystemKind, User } from "../../domain/types";
import type { Snapshot, Update } from "../../sync/update";
import { applyFirstPage, applyMessage, applyDelta } from "../messages/messages";
import { applyReadMarker } from "../reading/read-markers";
import { serverCount, uncountDeleted } from "../reading/unread";
import { tail, type Model, type RoomView } from "./model";
import { applyUsers, isOlderUser } from "../people/name-collisions";
import { applyPresence, applyReceipts, applyTyping, applyWatched, applyMembership } from "../people/presence";
import { addRange } from "./ranges";
import { applyThreadReply, createThreadMarkers } from "../threads/threads";
import { removeUpTo, removeEntry, applySent, removeStored, applyEntry } from "../outbox/outbox-view";

export { applyMessages, applyPage } from "../messages/messages";
export { markRead, markUnread } from "../reading/read-markers";
export { applyUsers } from "../people/name-collisions";

/** `rooms` is the list of rooms with all that it shows. */
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

/** Applies one update. */
export function applyUpdate(model: Model, update: Update): Topic[] {
  switch (update.kind) {
    case "connection":
      model.connection = update.state;
      return ["connection", ...(update.state.kind === "live" ? [...model.stale].flatMap((room) => removeRoom(model, room)) : [])];
    case "ready":
      return applyReady(model, update);
    case "choice":
      model.choice = update.choice;
      return ["me"];
    case "change":
      return applyChange(model, update.change, update.knownSeq);
    case "reset":
      return [...addRoom(model, update.summary), ...applyFirstPage(model, update.summary.room.id, update.messages)];
    case "roomAdded":
      return addRoom(model, update.summary);
    case "roomGone":
      return removeRoom(model, update.roomId);
    case "typing":
      return applyTyping(model, update.roomId, update.userId, update.typing);
    case "presence":
      return applyPresence(model, update.presence);
    case "readMarker":
      return update.userId === model.me.id ? applyReadMarker(model, update) : [];
    case "receipt":
      return applyReceipts(model, [update.receipt]);
    case "roomPreferences":
      return applyPreferences(model, update.settings);
    case "watched":
      return applyWatched(model, update.rooms);
    case "apart":
      return applyBlockRelations(model, update.userIds);
    case "blocked":
      return applyBlocked(model, update.userIds);
    case "user":
      return update.user.id === model.me.id ? applyMe(model, update.user) : applyUsers(model, [update.user]);
    case "blockChange":
      // See `createBlocks`.
      return [];
    case "queued":
      return applyEntry(model, { message: update.message, refused: "", sentSeq: 0 });
    case "refused":
      return applyEntry(model, { message: update.message, refused: update.reason, sentSeq: 0 });
    case "sent":
      return applySent(model, update.id, update.message);
    case "discarded":
      return removeEntry(model, update.id);
    case "snapshot":
      return applySnapshot(model, update.snapshot);
  }
}

/** Applies the user's preferences for a room, set here or on another device. */
export function applyPreferences(model: Model, settings: RoomPreferences): Topic[] {
  const view = model.rooms.get(settings.roomId);
  if (!view) return [];
  view.preferences = settings;
  return ["rooms", `room:${settings.roomId}`];
}

function applyBlockRelations(model: Model, userIds: Iterable<string>): Topic[] {
  const userIdSet = new Set(userIds);
  if (userIdSet.size === model.blockRelations.size && [...userIdSet].every((id) => model.blockRelations.has(id))) return [];
  model.blockRelations = userIdSet;
  for (const view of model.rooms.values()) {
    view.blockRelations = userIdSet;
    // The server may have counted mentions of these users.
    if (view.counted.mentions) view.countStale = true;
  }
  return ["rooms", "blocked"];
}

function applyBlocked(model: Model, userIds: Iterable<string>): Topic[] {
  model.blocked = new Set(userIds);
  return ["blocked"];
}

/** The caller's own profile, unless a newer one is known. */
export function applyMe(model: Model, me: User): Topic[] {
  if (isOlderUser(me, model.me)) return [];
  model.me = me;
  return ["me", ...applyUsers(model, [me])];
}

/** Whether known positions are void, because the store is another one, or an older state of it. */
export function isStoreReplaced({ epoch, rooms, stale }: Pick<Model, "epoch" | "rooms" | "stale">, update: Update): boolean {
  if (update.kind === "reset") {
    const { id, headSeq, logId } = update.summary.room;
    const before = stale.has(id) ? undefined : rooms.get(id)?.room;
    return before !== undefined && (headSeq < before.headSeq || logId !== before.logId);
  }
  const now = update.kind === "ready" ? update.epoch : update.kind === "snapshot" ? update.snapshot.epoch : "";
  return Boolean(epoch && now && epoch !== now);
}

function applyReady(model: Model, update: Extract<Update, { kind: "ready" }>): Topic[] {
  const { me, choice, epoch } = update;
  const reset = isStoreReplaced(model, update) ? markAllStale(model) : [];
  model.epoch = epoch;
  model.choice = choice;
  // Without a stream, the end of typing and of presence was missed.
  const rooms = [...model.typing.keys()];
  const userIds = [...model.presences.keys()];
  model.typing.clear();
  model.presences.clear();
  for (const view of model.rooms.values()) {
    // Until the rooms are watched anew, nobody can be counted.
    view.members = undefined;
  }
  return [
    ...reset,
    ...applyMe(model, me),
    ...rooms.map((room): Topic => `typing:${room}`),
    ...userIds.map((id): Topic => `presence:${id}`),
  ];
}

/** Rooms are shown as they were until the stream adds them again; users are loaded again. */
function markAllStale(model: Model): Topic[] {
  for (const id of model.rooms.keys()) model.stale.add(id);
  const userIds = clearUsers(model);
  // What the other store has saved does not come into this one's log.
  model.outbox = model.outbox.filter(({ sentSeq }) => !sentSeq);
  return ["outbox", ...userIds];
}

/** Another store has other versions of users. */
function clearUsers(model: Model): Topic[] {
  const ids = [...model.users.keys()];
  model.users.clear();
  model.usersByName.clear();
  model.me = { ...model.me, version: 0 };
  return ids.map((id): Topic => `user:${id}`);
}

function addRoom(model: Model, summary: RoomSummary): Topic[] {
  const { room } = summary;
  const before = model.stale.delete(room.id) ? undefined : model.rooms.get(room.id);
  const view: RoomView = {
    room,
    role: summary.role,
    mutedUntil: summary.mutedUntil,
    readSeq: summary.readSeq,
    messages: new Map(),
    order: [],
    deltas: [],
    ranges: [{ after: room.headSeq, upTo: room.headSeq }],
    lastMessage: summary.lastMessage,
    startSeq: room.headSeq,
    counted: serverCount(summary.unreadCount, summary.unreadMore, summary.unreadMentions, room.headSeq),
    countStale: false,
    blockRelations: model.blockRelations,
    unreadFrom: summary.unreadFrom,
    threads: createThreadMarkers(summary.unreadThreads, room.headSeq, before?.threads.follows),
    preferences: summary.settings,
    // In another log positions are others.
    receipts: before && before.room.logId === room.logId && before.room.headSeq <= room.headSeq ? before.receipts : new Map(),
    watched: before?.watched ?? false,
    members: before?.members,
    onlineCount: before?.onlineCount ?? 0,
  };
  model.rooms.set(room.id, view);
  const id = room.id;
  return ["rooms", `room:${id}`, `timeline:${id}`, `members:${id}`, `pins:${id}`, `threads:${id}`, ...removeUpTo(model, room.id, room.headSeq)];
}

function removeRoom(model: Model, roomId: string): Topic[] {
  model.rooms.delete(roomId);
  model.stale.delete(roomId);
  model.typing.delete(roomId);
  return ["rooms", `room:${roomId}`, `timeline:${roomId}`, `typing:${roomId}`, `pins:${roomId}`];
}

function applyChange(model: Model, { roomId, seq, afterSeq, message, member, room, delta }: RoomChange, knownSeq = afterSeq): Topic[] {
  const topics: Topic[] = [];
  if (member) topics.push(...applyUsers(model, [{ ...model.users.get(member.user.id), ...member.user }]));
  const view = model.rooms.get(roomId);
  if (!view) return topics;
  if (room && room.changedSeq >= view.room.changedSeq) view.room = { ...room, memberCount: view.room.memberCount };
  view.room = { ...view.room, headSeq: Math.max(view.room.headSeq, seq) };
  // A change follows the tail, or overlaps it.
  const { upTo } = tail(view);
  view.ranges = addRange(view.ranges, { after: upTo, upTo: Math.max(upTo, seq) });
  topics.push(`timeline:${roomId}`, `room:${roomId}`);
  if (member) {
    if (member.user.id === model.me.id) {
      view.role = member.role;
      view.mutedUntil = member.mutedUntil;
    }
    applyMembership(model, view, member);
    topics.push(`members:${roomId}`);
  }
  if (message) {
    const posted = message.seq === seq;
    // A change comes once, so member counts can be added up.
    if (posted && message.content.kind === "system") updateMemberCount(view, message.content.what);
    if (message.content.kind === "deleted") uncountDeleted(view, message, model.me.id);
    topics.push(...applyMessage(view, message, posted));
    const isNew = message.seq > knownSeq && message.content.kind === "text";
    if (isNew && message.threadSeq) topics.push(...applyThreadReply(view, message, model.me.id));
    if (posted) topics.push(...applyTyping(model, roomId, message.senderId, false));
    topics.push(...removeStored(model, [message]));
  }
  if (delta) topics.push(...applyDelta(view, seq, delta, model.me.id));
  return [...topics, "rooms", ...removeUpTo(model, roomId, seq)];
}

const MEMBER_COUNT_CHANGE: Partial<Record<SystemKind, number>> = { joined: 1, added: 1, left: -1, removed: -1 };

function updateMemberCount(view: RoomView, what: SystemKind): void {
  const by = MEMBER_COUNT_CHANGE[what] ?? 0;
  view.room = { ...view.room, memberCount: Math.max(view.room.memberCount + by, 0) };
}

function applySnapshot(model: Model, { me, choice, connection, rooms, doubtful, users, presences, blocked, apart, epoch }: Snapshot): Topic[] {
  const before = [...model.rooms.keys()].flatMap((room) => removeRoom(model, room));
  if (epoch !== model.epoch) before.push(...clearUsers(model));
  // Pages of before do not say it.
  model.epoch = epoch ?? "";
  model.choice = choice;
  model.connection = connection;
  model.blockRelations = new Set(apart);
  for (const presence of presences) model.presences.set(presence.userId, presence);
  const added = rooms.flatMap((summary) => addRoom(model, summary));
  for (const view of [...model.rooms.values()].filter(({ room }) => doubtful?.includes(room.id))) {
    view.countStale = true;
    view.threads.staleness = "some";
  }
  return [
    ...before,
    "connection",
    ...applyUsers(model, users),
    ...applyMe(model, me),
    ...added,
    ...presences.map(({ userId }): Topic => `presence:${userId}`),
    ...(blocked ? applyBlocked(model, blocked) : []),
  ];
}
