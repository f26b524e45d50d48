// What a tab that follows takes in of what the leading tab tells.

import type { Cursor } from "./cursor";
import type { Update } from "./update";

/** What can be taken in, with the cursor moved; `gap` if the tab was asleep and has to begin anew after it. */
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
        // Another store: what is known of its rooms is nothing.
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
