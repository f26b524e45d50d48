// Tells the server that messages of others have arrived here: once for all that
// came together.

import { onCleanup } from "solid-js";

import type { Api } from "../../api/calls";
import type { TabSync } from "../../sync/tab-sync";
import type { Update } from "../../sync/update";
import { anyUnread } from "../threads/threads";
import type { Model } from "../model/model";
import { unread } from "./unread";

/** Messages that arrive within this time are acknowledged together. */
const GOT_MS = 300;

interface Parts {
  readonly api: Pick<Api, "markDelivered">;
  readonly model: Model;
  readonly live: Pick<TabSync, "leads">;
}

/** Must be called where Solid can clean up. */
export function createDelivered({ api, model, live }: Parts): (updates: readonly Update[]) => void {
  const got = new Map<string, number>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  onCleanup(() => clearTimeout(timer));

  /** What was read has arrived, and was told to have. */
  const begun = (roomId: string) => {
    const view = model.rooms.get(roomId);
    if (view && (unread(view, model.me.id).count || anyUnread(view.threads))) got.set(roomId, view.room.headSeq);
  };
  const tell = () => {
    if (!got.size || timer !== undefined) return;
    timer = setTimeout(() => {
      timer = undefined;
      // Lost, the next message tells it too.
      for (const [roomId, seq] of got) api.markDelivered(roomId, seq).catch(() => undefined);
      got.clear();
    }, GOT_MS);
  };

  // Rooms that were told of before this was loaded.
  if (live.leads) [...model.rooms.keys()].forEach(begun);
  tell();

  return (updates) => {
    if (!live.leads) return;
    for (const update of updates) {
      if (update.kind === "roomAdded" || update.kind === "reset") begun(update.summary.room.id);
      if (update.kind !== "change" || !update.change.message) continue;
      const { knownSeq = update.change.afterSeq, change } = update;
      const { seq, senderId } = update.change.message;
      if (seq > knownSeq && senderId !== model.me.id) got.set(change.roomId, Math.max(seq, got.get(change.roomId) ?? 0));
    }
    tell();
  };
}
