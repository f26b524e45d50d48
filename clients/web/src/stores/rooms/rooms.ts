// Titles of rooms, the user's permissions in them, and blocks.

import type { Api } from "../../api/calls";
import type { AccountRole, Message, Role, Room, User } from "../../domain/types";
import type { Model, RoomView } from "../model/model";
import { mentionsUser } from "../reading/unread";
import type { Topics } from "../model/topics";

interface Parts {
  readonly api: Api;
  readonly model: Model;
  readonly topics: Topics;
  readonly user: (id: string) => User | undefined;
  /** What the user is on the server. */
  readonly accountRole: () => AccountRole;
  /** Tells all tabs whom the user has blocked. */
  readonly broadcastBlocked: (userIds: readonly string[]) => void;
  readonly loadBlocks: () => void;
}

export interface Permissions {
  /** May write, edit and delete messages, and react to them: nobody has muted them. */
  readonly write: boolean;
  readonly pin: boolean;
  /** May add members and call all of them: by their role in the room alone. */
  readonly manage: boolean;
  /** May delete others' messages, and mute, remove and ban members. */
  readonly moderate: boolean;
  /** May change the room's settings. */
  readonly edit: boolean;
  /** May say that new accounts join the room. */
  readonly chooseForNewAccounts: boolean;
  readonly archive: boolean;
  /** May give roles. */
  readonly own: boolean;
}

const RANK: Record<Role, number> = { member: 0, admin: 1, owner: 2 };

/** Whether the first may act on the second. */
export const outranks = (own: Role, other: Role) => RANK[own] > RANK[other];

/** The longest timer that browsers allow; what ends later is checked again. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

export function createRooms({ api, model, topics, user, accountRole, broadcastBlocked, loadBlocks }: Parts) {
  const view = (roomId: string): RoomView | undefined => {
    topics.track(`room:${roomId}`);
    return model.rooms.get(roomId);
  };
  /** The ends of mutes for which a timer runs, by room. */
  const muteTimers = new Map<string, number>();
  /** Whether the user is muted. The room is invalidated when the mute ends. */
  function isMuted({ room: { id }, mutedUntil }: RoomView): boolean {
    const left = mutedUntil - Date.now();
    if (left > 0 && muteTimers.get(id) !== mutedUntil) {
      muteTimers.set(id, mutedUntil);
      setTimeout(() => (muteTimers.delete(id), topics.invalidate([`room:${id}`])), Math.min(left, MAX_TIMER_MS));
    }
    return left > 0;
  }
  /** The other one of a direct room; for notes, the user. */
  const peerIn = (room: Room | undefined) => {
    if (room?.kind !== "direct") return undefined;
    return room.directUserIds.find((id) => id !== model.me.id) ?? model.me.id;
  };

  return {
    peer: (roomId: string) => peerIn(view(roomId)?.room),
    /** The room's name, or the other one's in a direct room. */
    title(roomId: string): string {
      const room = view(roomId)?.room;
      const peer = peerIn(room);
      return peer ? (user(peer)?.displayName ?? "…") : (room?.name ?? "");
    },
    permissions(roomId: string): Permissions {
      const now = view(roomId);
      const active = now !== undefined && !now.room.archivedAt;
      const direct = now?.room.kind === "direct";
      const manage = active && !direct && now.role !== "member";
      const own = now?.role === "owner" && !direct;
      // Staff of the server moderates public rooms.
      const staff = now?.room.kind === "public" ? accountRole() : "user";
      const moderate = manage || (active && staff !== "user");
      const runs = staff === "admin";
      return {
        write: active && !isMuted(now),
        pin: moderate || (active && direct),
        manage,
        moderate,
        edit: manage || (active && runs),
        chooseForNewAccounts: active && runs,
        archive: own || runs,
        own,
      };
    },

    /** Whether the list of blocked users is loaded. */
    areBlocksLoaded: () => (topics.track("blocked"), model.blocked !== undefined),
    /** Whether a message mentions the user. Messages across a block never do. */
    mentionsMe: (message: Message) => (topics.track("blocked"), mentionsUser(message, model.me.id) && !model.blockRelations.has(message.senderId)),
    isBlocked: (userId: string) => (topics.track("blocked"), model.blocked?.has(userId) === true),
    async setBlocked(userId: string, on: boolean): Promise<void> {
      await (on ? api.blockUser(userId) : api.unblockUser(userId));
      const next = new Set(model.blocked);
      if (on) next.add(userId);
      else next.delete(userId);
      // Before the list is loaded, there is nothing to broadcast.
      if (model.blocked) broadcastBlocked([...next]);
      else loadBlocks();
    },
  };
}
