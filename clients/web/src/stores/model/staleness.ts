// Where what is known of the rooms that are looked at may be wrong.

import { onCleanup } from "solid-js";

import type { TabSync } from "../../sync/tab-sync";
import type { Update } from "../../sync/update";
import type { Model } from "./model";

/** Whether what is known of the rooms that are looked at may be wrong after this, and has to be asked for. */
export function makesWatchedStale(model: Model, update: Update): boolean {
  if (update.kind === "change") {
    const { roomId, seq, message } = update.change;
    // A ban meets members and others, which the change does not say.
    const ban = message?.content.kind === "system" && message.content.what === "banned" && message.seq === seq;
    return ban && model.rooms.get(roomId)?.watched === true;
  }
  if (update.kind !== "presence" || update.presence.state === "offline") return false;
  // They may be in a room of which not every member is known.
  const { userId } = update.presence;
  return [...model.rooms.values()].some(
    ({ members, room }) => members && members.size < room.memberCount && !members.has(userId),
  );
}

/** The server forgets a typist after seconds; who types for so long here has perhaps stopped, and that was lost. */
const TYPING_EXPIRY_MS = 30_000;

/** Returns what is to be called when something has happened. Must be called where Solid can clean up. */
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
