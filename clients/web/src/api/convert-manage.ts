// Conversions that only managing accounts and rooms needs.

import type { SessionInfo as WireSessionInfo } from "../gen/causerie/v1/auth_pb";
import { NotificationLevel, type Invite as WireInvite } from "../gen/causerie/v1/rooms_pb";
import { HistoryVisibility, MemberRole, PresenceState as WirePresenceState, RoomKind as WireRoomKind } from "../gen/causerie/v1/types_pb";
import type * as domain from "../domain/types";
import { millis } from "./convert";

const WIRE_ROLE: Record<domain.Role, MemberRole> = {
  member: MemberRole.MEMBER,
  admin: MemberRole.ADMIN,
  owner: MemberRole.OWNER,
};

export function wireKind(kind: "public" | "private"): WireRoomKind {
  return kind === "private" ? WireRoomKind.PRIVATE : WireRoomKind.PUBLIC;
}

export function wireHistory(history: domain.History): HistoryVisibility {
  return history === "fromJoining" ? HistoryVisibility.FROM_JOINING : HistoryVisibility.FROM_START;
}

export function wireRole(role: domain.Role): MemberRole {
  return WIRE_ROLE[role];
}

export function sessionInfo(wire: WireSessionInfo): domain.SessionInfo {
  const { id, device, address, createdAt, lastUsedAt, current } = wire;
  return { id, device, address, createdAt: millis(createdAt), lastUsedAt: millis(lastUsedAt), current };
}

export function wireLevel(level: domain.NotificationLevel): NotificationLevel {
  if (level === "mentions") return NotificationLevel.MENTIONS;
  return level === "nothing" ? NotificationLevel.NOTHING : NotificationLevel.ALL;
}

export function invite(wire: WireInvite | undefined): domain.Invite {
  return {
    code: wire?.code ?? "",
    roomId: wire?.roomId ?? "",
    createdAt: millis(wire?.createdAt),
    expiresAt: millis(wire?.expiresAt),
    maxUses: wire?.maxUses ?? 0,
    uses: wire?.uses ?? 0,
  };
}

const WIRE_PRESENCE: Record<domain.PresenceState, WirePresenceState> = {
  offline: WirePresenceState.OFFLINE,
  online: WirePresenceState.ONLINE,
  away: WirePresenceState.AWAY,
  doNotDisturb: WirePresenceState.DO_NOT_DISTURB,
  invisible: WirePresenceState.INVISIBLE,
};

export function wirePresence(state: domain.PresenceState): WirePresenceState {
  return WIRE_PRESENCE[state];
}
