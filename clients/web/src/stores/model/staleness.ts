// When the state of watched rooms may be stale.

import { onCleanup } from "solid-js";

import type { TabSync } from "../../sync/tab-sync";
import type { Update } from "../../sync/update";
import type { Model } from "./model";

/** Whether an update makes the state of watched rooms stale, so that it has to be loaded again. */
export function makesWatchedStale(model: Model, update: Update): boolean {
  if (update.kind === "change") {
    const { roomId, seq, message } = update.change;
    // The change does not say whether the banned user was a member.
    const ban = message?.content.kind === "system" && message.content.what === "banned" && message.seq === seq;
    return ban && model.rooms.get(roomId)?.watched === true;
  }
  if (update.kind !== "presence" || update.presence.state === "offline") return false;
  // The user may be in a room whose members are not all known.
  const { userId } = update.presence;
  return [...model.rooms.values()].some(
    ({ members, room }) => members && members.size < room.memberCount && !members.has(userId),
  );
}

/** The server's typing state expires after seconds. If it lasts longer here, its end may have been lost. */
const TYPING_EXPIRY_MS = 30_000;

/** Returns a function to call after updates. Must be called where Solid can clean up. */
export function createTypingRefresh({ model, tabs }: { readonly model: Model; readonly tabs: Pick<TabSync, "leads" | "refreshWatchedRooms"> }): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  onCleanup(() => clearTimeout(timer));
  const typists = () => [...model.typing].flatMap(([roomId, users]) => users.map((user) => `${roomId} ${user}`));

  function startTimer(): void {
    const before = new Set(typists());
    timer = setTimeout(() => {
      timer = undefined;
      const now = typists();
      if (tabs.leads && now.some((it) => before.has(it))) tabs.refreshWatchedRooms();
      if (now.length) startTimer();
    }, TYPING_EXPIRY_MS);
  }
  return () => {
    if (timer === undefined && typists().length) startTimer();
  };
}
