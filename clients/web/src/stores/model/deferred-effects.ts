// Effects of updates that a first visit does not need at once: loaded later.

import { onCleanup } from "solid-js";

import type { Api } from "../../api/calls";
import type { Message } from "../../domain/types";
import type { TabSync } from "../../sync/tab-sync";
import { forgetRequests } from "../../sync/idempotency";
import type { Update } from "../../sync/update";
import type { Topic } from "./apply";
import { createNotificationFilter } from "../notifications/notification-filter";
import { createBlocks } from "../people/blocks";
import { createDeliveryAcks } from "../reading/delivery-acks";
import { createTypingRefresh, makesWatchedStale } from "./staleness";
import { evictHidden, evictDistant } from "../messages/eviction";
import type { Model } from "./model";
import { createUserRefresh } from "../people/user-refresh";
import type { Range } from "./ranges";
import { createUnreadResync } from "../reading/unread-resync";
import { takeSnapshot } from "./snapshot";

interface Parts {
  readonly api: Pick<Api, "listRooms" | "listBlockedUsers" | "markDelivered" | "getUsers">;
  readonly model: Model;
  readonly tabs: TabSync;
  readonly invalidate: (changed: readonly Topic[]) => void;
  readonly threadsAcknowledged: (roomId: string) => boolean;
  /** Whether the user follows the thread of a new reply. */
  readonly followsThread: (answer: Message) => Promise<boolean>;
  /** Called for each message that notifies. */
  readonly notify: (message: Message) => void;
}

export type DeferredEffects = ReturnType<typeof createDeferredEffects>;

/** Must be called where Solid can clean up. */
export function createDeferredEffects({ api, model, tabs, invalidate, threadsAcknowledged, followsThread, notify }: Parts) {
  const filterNotifications = createNotificationFilter({ model, followsThread, notify });
  const resyncUnread = createUnreadResync({ api, model, threadsAcknowledged, invalidate });
  const acknowledgeDelivery = createDeliveryAcks({ api, model, tabs });
  const blocks = createBlocks({ api, tabs, model, invalidate });
  const refreshUsers = createUserRefresh({ api, model, invalidate });
  const refreshTyping = createTypingRefresh({ model, tabs });
  // Signing out leaves no idempotency keys behind.
  onCleanup(forgetRequests);
  tabs.requestTabStates();
  return {
    /** The state of this tab for another one. */
    snapshot: (syncedSeq: (roomId: string) => number | undefined) => takeSnapshot(model, syncedSeq),
    loadBlocks: blocks.load,
    refreshUsers,
    onUpdates(updates: readonly Update[]): void {
      blocks.onUpdates(updates);
      refreshUsers(updates.flatMap(messagesOf));
      acknowledgeDelivery(updates);
      filterNotifications(updates);
      for (const [roomId, view] of model.rooms) if (!model.visibleRooms.has(roomId)) evictHidden(view, model.me.id);
      resyncUnread();
      refreshTyping();
      if (tabs.leads && updates.some((update) => makesWatchedStale(model, update))) tabs.refreshWatchedRooms();
    },
    /** Evicts messages far from the range that is shown. */
    evict(roomId: string, keep: Range): void {
      const view = model.rooms.get(roomId);
      if (view) evictDistant(view, keep, model.me.id);
    },
  };
}

function messagesOf(update: Update): readonly Message[] {
  if (update.kind === "reset") return update.messages;
  return update.kind === "change" && update.change.message ? [update.change.message] : [];
}
