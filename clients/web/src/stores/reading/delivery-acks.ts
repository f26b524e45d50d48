// Tells the server that messages of others have arrived here: once for all that
// came together.

import { onCleanup } from "solid-js";

import type { Api } from "../../api/calls";
import type { TabSync } from "../../sync/tab-sync";
import type { Update } from "../../sync/update";
import { hasUnreadThreads } from "../threads/threads";
import type { Model } from "../model/model";
import { unread } from "./unread";

/** Messages that arrive within this time are acknowledged together. */
const BATCH_MS = 300;

interface Parts {
  readonly api: Pick<Api, "markDelivered">;
  readonly model: Model;
  readonly tabs: Pick<TabSync, "leads">;
}

/** Must be called where Solid can clean up. */
export function createDeliveryAcks({ api, model, tabs }: Parts): (updates: readonly Update[]) => void {
  const delivered = new Map<string, number>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  onCleanup(() => clearTimeout(timer));

  /** What was read has arrived, and was told to have. */
  const addRoom = (roomId: string) => {
    const view = model.rooms.get(roomId);
    if (view && (unread(view, model.me.id).count || hasUnreadThreads(view.threads))) delivered.set(roomId, view.room.headSeq);
  };
  const schedule = () => {
    if (!delivered.size || timer !== undefined) return;
    timer = setTimeout(() => {
      timer = undefined;
      // Lost, the next message tells it too.
      for (const [roomId, seq] of delivered) api.markDelivered(roomId, seq).catch(() => undefined);
      delivered.clear();
    }, BATCH_MS);
  };

  // Rooms that were told of before this was loaded.
  if (tabs.leads) [...model.rooms.keys()].forEach(addRoom);
  schedule();

  return (updates) => {
    if (!tabs.leads) return;
    for (const update of updates) {
      if (update.kind === "roomAdded" || update.kind === "reset") addRoom(update.summary.room.id);
      if (update.kind !== "change" || !update.change.message) continue;
      const { knownSeq = update.change.afterSeq, change } = update;
      const { seq, senderId } = update.change.message;
      if (seq > knownSeq && senderId !== model.me.id) delivered.set(change.roomId, Math.max(seq, delivered.get(change.roomId) ?? 0));
    }
    schedule();
  };
}
