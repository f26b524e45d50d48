// Which updates of the leader a follower applies.

import type { Cursor } from "./cursor";
import type { Update } from "./update";

/** Returns the updates to apply and moves the cursor; `gap` if the tab was asleep and needs a new snapshot after them. */
export function acceptUpdates(cursor: Cursor, epoch: string, updates: readonly Update[]): { accepted: Update[]; gap: boolean } {
  const accepted: Update[] = [];
  for (const update of updates) {
    switch (update.kind) {
      case "change": {
        const { roomId, afterSeq, seq } = update.change;
        const verdict = cursor.accept(roomId, afterSeq, seq);
        if (verdict === "gap") return { accepted, gap: true };
        if (verdict !== "deliver") continue;
        break;
      }
      case "ready":
        // It is another store: no position holds in it.
        if (epoch && epoch !== update.epoch) cursor.clear();
        break;
      case "roomAdded":
      case "reset":
        cursor.begin(update.summary.room);
        break;
      case "roomGone":
        cursor.forget(update.roomId);
        break;
    }
    accepted.push(update);
  }
  return { accepted, gap: false };
}
