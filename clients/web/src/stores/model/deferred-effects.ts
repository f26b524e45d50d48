// What follows from updates that were taken in, and need not be there at first.

import { onCleanup } from "solid-js";

import type { Api } from "../../api/calls";
import type { Message } from "../../domain/types";
import type { TabSync } from "../../sync/tab-sync";
import { forgetRequests } from "../../sync/idempotency";
import type { Update } from "../../sync/update";
import type { Topic } from "./apply";
import { createArrivals } from "../notifications/notification-filter";
import { createBlocks } from "../people/blocks";
import { createDelivered } from "../reading/delivery-acks";
import { createTypingDoubts, doubtsWatched } from "./staleness";
import { fold, forget } from "../messages/eviction";
import type { Model } from "./model";
import { createOutdated } from "../people/user-refresh";
import type { Range } from "./ranges";
import { createRecount } from "../reading/unread-resync";
import { takeSnapshot } from "./snapshot";

interface Parts {
  readonly api: Pick<Api, "listRooms" | "listBlockedUsers" | "markDelivered" | "getUsers">;
  readonly model: Model;
  readonly live: TabSync;
  readonly took: (touched: readonly Topic[]) => void;
  readonly toldThreads: (roomId: string) => boolean;
  /** Whether the user follows the thread of an answer that came. */
  readonly follows: (answer: Message) => Promise<boolean>;
  /** Of a message that notifies. */
  readonly tell: (message: Message) => void;
}

export type Upkeep = ReturnType<typeof createUpkeep>;

/** Must be called where Solid can clean up. */
export function createUpkeep({ api, model, live, took, toldThreads, follows, tell }: Parts) {
  const arrivals = createArrivals({ model, follows, tell });
  const recount = createRecount({ api, model, toldThreads, took });
  const delivered = createDelivered({ api, model, live });
  const blocks = createBlocks({ api, live, model, took });
  const outdated = createOutdated({ api, model, took });
  const typing = createTypingDoubts({ model, live });
  // Whoever signs out leaves nothing of what they have asked for.
  onCleanup(forgetRequests);
  live.requestTabStates();
  return {
    /** What this tab knows, for one that knows nothing. */
    snapshot: (told: (roomId: string) => number | undefined) => takeSnapshot(model, told),
    readBlocks: blocks.read,
    outdated,
    after(updates: readonly Update[]): void {
      blocks.after(updates);
      outdated(updates.flatMap(messagesOf));
      delivered(updates);
      arrivals(updates);
      for (const [roomId, view] of model.rooms) if (!model.shown.has(roomId)) fold(view, model.me.id);
      recount();
      typing();
      if (live.leads && updates.some((update) => doubtsWatched(model, update))) live.refreshWatchedRooms();
    },
    /** What lies far from a stretch that is shown need not be kept. */
    forget(roomId: string, keep: Range): void {
      const view = model.rooms.get(roomId);
      if (view) forget(view, keep, model.me.id);
    },
  };
}

function messagesOf(update: Update): readonly Message[] {
  if (update.kind === "reset") return update.messages;
  return update.kind === "change" && update.change.message ? [update.change.message] : [];
}
