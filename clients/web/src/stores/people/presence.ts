// Presence, typing and receipts in the watched rooms.

import type { Member, Presence, Receipt, WatchedRoom } from "../../domain/types";
import type { Topic } from "../model/apply";
import type { Model, RoomView } from "../model/model";

/** The server sends presence for rooms with at most this many members. */
export const MAX_MEMBERS_WITH_PRESENCE = 200;

export function applyPresence(model: Model, presence: Presence): Topic[] {
  model.presences.set(presence.userId, presence);
  return [`presence:${presence.userId}`, ...countOnline(model, ({ members }) => members?.has(presence.userId) === true)];
}

/** Applies the current state of the rooms that any tab watches. */
export function applyWatched(model: Model, rooms: readonly WatchedRoom[]): Topic[] {
  const watched = new Set(rooms.map(({ roomId }) => roomId));
  for (const [roomId, view] of model.rooms) {
    view.watched = watched.has(roomId);
    if (!view.watched) view.members = undefined;
  }
  const topics = rooms.flatMap((room) => applyWatchedRoom(model, room));
  return [...topics, ...countOnline(model, () => true)];
}

function applyWatchedRoom(model: Model, { roomId, memberCount, onlineCount, presences, typing, receipts }: WatchedRoom): Topic[] {
  const view = model.rooms.get(roomId);
  if (!view) return [];
  view.room = { ...view.room, memberCount };
  view.onlineCount = onlineCount;
  model.typing.set(roomId, typing.filter((user) => user !== model.me.id));
  for (const presence of presences) model.presences.set(presence.userId, presence);
  const offline: string[] = [];
  if (memberCount <= MAX_MEMBERS_WITH_PRESENCE) {
    const here = new Set(presences.map(({ userId }) => userId));
    view.members = new Set([model.me.id, ...view.room.directUserIds, ...here, ...receipts.map(({ userId }) => userId)]);
    for (const userId of view.members) {
      // Nothing was sent of users who went offline while the room was not watched.
      if (here.has(userId) || !isPresent(model, userId)) continue;
      model.presences.set(userId, { userId, state: "offline", lastSeenAt: 0 });
      offline.push(userId);
    }
  } else {
    view.members = undefined;
  }
  const people = [...presences.map(({ userId }) => userId), ...offline].map((id): Topic => `presence:${id}`);
  return [`room:${roomId}`, `typing:${roomId}`, ...people, ...applyReceipts(model, receipts)];
}

/** Someone joined the room, or left it. */
export function applyMembership(model: Model, view: RoomView, { user, state }: Member): void {
  if (state === "joined") view.members?.add(user.id);
  else view.members?.delete(user.id);
  countOnline(model, (other) => other === view);
}

function countOnline(model: Model, which: (view: RoomView) => boolean): Topic[] {
  const topics: Topic[] = [];
  for (const [roomId, view] of model.rooms) {
    if (!view.members || !which(view)) continue;
    let count = 0;
    for (const userId of view.members) if (isPresent(model, userId)) count += 1;
    if (count === view.onlineCount) continue;
    view.onlineCount = count;
    topics.push(`room:${roomId}`);
  }
  return topics;
}

const isPresent = (model: Model, userId: string) => (model.presences.get(userId)?.state ?? "offline") !== "offline";

/** Marks never move backwards. */
export function applyReceipts(model: Model, all: readonly Receipt[]): Topic[] {
  const rooms = new Set<string>();
  for (const receipt of all) {
    const { roomId, userId } = receipt;
    if (userId === model.me.id) continue;
    const receipts = model.rooms.get(roomId)?.receipts;
    const before = receipts?.get(userId);
    // The answer may be older than what the stream has sent since. A position of 0 is one that is kept secret.
    const highest = (what: "deliveredSeq" | "readSeq") => receipt[what] && Math.max(receipt[what], before?.[what] ?? 0);
    receipts?.set(userId, { ...receipt, deliveredSeq: highest("deliveredSeq"), readSeq: highest("readSeq") });
    rooms.add(roomId);
  }
  return [...rooms].map((room): Topic => `receipts:${room}`);
}

export function applyTyping(model: Model, roomId: string, userId: string, isTyping: boolean): Topic[] {
  const list = model.typing.get(roomId) ?? [];
  if (userId === model.me.id || list.includes(userId) === isTyping) return [];
  model.typing.set(roomId, isTyping ? [...list, userId] : list.filter((user) => user !== userId));
  return [`typing:${roomId}`];
}
