// Conversions that only managing accounts and rooms needs.

import type { SessionInfo as WireSessionInfo } from "../gen/causerie/v1/auth_pb";
import { NotificationLevel, type Invite as WireInvite } from "../gen/causerie/v1/rooms_pb";
import { HistoryVisibility, MemberRole, PresenceState as WirePresenceState, RoomKind as WireRoomKind } from "../gen/causerie/v1/types_pb";
import type * as nouns from "../domain/types";
import { millis } from "./convert";

const WIRE_ROLE: Record<nouns.Role, MemberRole> = {
  member: MemberRole.MEMBER,
  admin: MemberRole.ADMIN,
  owner: MemberRole.OWNER,
};

export function wireKind(kind: "public" | "private"): WireRoomKind {
  return kind === "private" ? WireRoomKind.PRIVATE : WireRoomKind.PUBLIC;
}

export function wireHistory(history: nouns.History): HistoryVisibility {
  return history === "joining" ? HistoryVisibility.FROM_JOINING : HistoryVisibility.FROM_START;
}

export function wireRole(role: nouns.Role): MemberRole {
  return WIRE_ROLE[role];
}

export function sessionInfo(wire: WireSessionInfo): nouns.SessionInfo {
  const { id, device, address, createdAt, lastUsedAt, current } = wire;
  return { id, device, address, createdAt: millis(createdAt), lastUsedAt: millis(lastUsedAt), current };
}

export function wireLevel(level: nouns.NotificationLevel): NotificationLevel {
  if (level === "mentions") return NotificationLevel.MENTIONS;
  return level === "nothing" ? NotificationLevel.NOTHING : NotificationLevel.ALL;
}

export function invite(wire: WireInvite | undefined): nouns.Invite {
  return {
    code: wire?.code ?? "",
    roomId: wire?.roomId ?? "",
    createdAt: millis(wire?.createdAt),
    expiresAt: millis(wire?.expiresAt),
    maxUses: wire?.maxUses ?? 0,
    uses: wire?.uses ?? 0,
  };
}

const WIRE_PRESENCE: Record<nouns.PresenceState, WirePresenceState> = {
  offline: WirePresenceState.OFFLINE,
  online: WirePresenceState.ONLINE,
  away: WirePresenceState.AWAY,
  busy: WirePresenceState.DO_NOT_DISTURB,
  invisible: WirePresenceState.INVISIBLE,
};

export function wirePresence(state: nouns.PresenceState): WirePresenceState {
  return WIRE_PRESENCE[state];
}
