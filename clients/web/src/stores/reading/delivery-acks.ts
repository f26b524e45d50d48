// Acknowledges the delivery of others' messages to the server, several at once.

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

  /** A room without unread messages needs no acknowledgement. */
  const addRoom = (roomId: string) => {
    const view = model.rooms.get(roomId);
    if (view && (unread(view, model.me.id).count || hasUnreadThreads(view.threads))) delivered.set(roomId, view.room.headSeq);
  };
  const schedule = () => {
    if (!delivered.size || timer !== undefined) return;
    timer = setTimeout(() => {
      timer = undefined;
      // If it fails, the next message acknowledges these too.
      for (const [roomId, seq] of delivered) api.markDelivered(roomId, seq).catch(() => undefined);
      delivered.clear();
    }, BATCH_MS);
  };

  // Rooms that were added before this code was loaded.
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
