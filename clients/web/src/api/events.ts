// The events of a stream as domain.

import { GoodbyeReason, type Event as WireEvent } from "../gen/causerie/v1/chat_pb";
import type { Message, Presence, PresenceState, Receipt, RoomChange, RoomPreferences, RoomSummary, User } from "../domain/types";
import * as convert from "./convert";

export type Event =
  | { kind: "ready"; connectionId: string; heartbeatMs: number; me: User; choice: PresenceState; epoch: string; apart?: readonly string[] }
  /** With whom the user has a block, whoever of the two has made it. */
  | { kind: "apart"; userIds: readonly string[] }
  /** A profile has changed; the user's own perhaps on another device. */
  | { kind: "user"; user: User }
  /** The user has blocked somebody, or unblocked them. */
  | { kind: "blockChange"; userId: string; blocked: boolean }
  | { kind: "change"; change: RoomChange }
  | { kind: "reset"; summary: RoomSummary; messages: readonly Message[] }
  | { kind: "roomAdded"; summary: RoomSummary }
  | { kind: "roomGone"; roomId: string }
  /** With the token, the next stream tells only those marks and settings that have changed. */
  | { kind: "live"; stateToken?: Uint8Array }
  | { kind: "heartbeat"; heads: Readonly<Record<string, number>> }
  | { kind: "typing"; roomId: string; userId: string; typing: boolean }
  | { kind: "presence"; presence: Presence }
  /** How the user has chosen to be seen. */
  | { kind: "choice"; choice: PresenceState }
  | { kind: "readMarker"; roomId: string; userId: string; readSeq: number; threadSeq: number; unreadFrom: number }
  | { kind: "receipt"; receipt: Receipt }
  | { kind: "roomPreferences"; settings: RoomPreferences }
  | { kind: "tokenExpiring" }
  | { kind: "lagging" }
  | { kind: "goodbye"; why: "revoked" | "tokenExpired" | "other"; reconnect: boolean; retryAfterMs: number };

const WHY: Partial<Record<GoodbyeReason, "revoked" | "tokenExpired">> = {
  [GoodbyeReason.SESSION_REVOKED]: "revoked",
  [GoodbyeReason.TOKEN_EXPIRED]: "tokenExpired",
};

/** `undefined` for a kind that this client does not know. */
export function eventFrom({ kind }: WireEvent): Event | undefined {
  switch (kind.case) {
    case "ready": {
      const { connectionId, heartbeatInterval, user, presenceChoice, epoch, blocks } = kind.value;
      return {
        kind: "ready",
        connectionId,
        epoch,
        heartbeatMs: convert.millis(heartbeatInterval),
        me: convert.user(user),
        choice: convert.presenceState(presenceChoice),
        ...(blocks && { apart: blocks.userIds }),
      };
    }
    case "blocks":
      return { kind: "apart", userIds: kind.value.userIds };
    case "userChanged":
      return { kind: "user", user: convert.user(kind.value.user) };
    case "blockChanged":
      return { kind: "blockChange", userId: kind.value.userId, blocked: kind.value.blocked };
    case "change":
      return { kind: "change", change: convert.change(kind.value) };
    case "reset":
      return {
        kind: "reset",
        summary: convert.summary(kind.value.summary),
        messages: kind.value.messages.map(convert.message),
      };
    case "roomAdded":
      return { kind: "roomAdded", summary: convert.summary(kind.value.summary) };
    case "roomGone":
      return { kind: "roomGone", roomId: kind.value.roomId };
    case "live":
      return { kind: "live", stateToken: kind.value.stateToken };
    case "tokenExpiring":
    case "lagging":
      return { kind: kind.case };
    case "heartbeat": {
      const heads = Object.entries(kind.value.heads).map(([room, head]) => [room, Number(head)] as const);
      return { kind: "heartbeat", heads: Object.fromEntries(heads) };
    }
    case "typing": {
      const { roomId, userId, typing } = kind.value;
      return { kind: "typing", roomId, userId, typing };
    }
    case "presenceChoice":
      return { kind: "choice", choice: convert.presenceState(kind.value) };
    case "presence":
      return { kind: "presence", presence: convert.presence(kind.value) };
    case "readMarker": {
      const { roomId, userId, readSeq, threadSeq, unreadFromSeq } = kind.value;
      const seqs = { readSeq: Number(readSeq), threadSeq: Number(threadSeq), unreadFrom: Number(unreadFromSeq) };
      return { kind: "readMarker", roomId, userId, ...seqs };
    }
    case "receipt":
      return { kind: "receipt", receipt: convert.receipt(kind.value) };
    case "roomPreferences":
      return { kind: "roomPreferences", settings: convert.settings(kind.value) };
    case "goodbye":
      return {
        kind: "goodbye",
        why: WHY[kind.value.reason] ?? "other",
        reconnect: kind.value.reconnect,
        retryAfterMs: convert.millis(kind.value.retryAfter),
      };
    case undefined:
      return undefined;
  }
}
