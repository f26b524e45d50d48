// The users that the user has blocked: loaded by the leader, and broadcast to all tabs.

import { onCleanup } from "solid-js";

import type { Api } from "../../api/calls";
import type { TabSync } from "../../sync/tab-sync";
import type { Update } from "../../sync/update";
import type { Topic } from "../model/apply";
import type { Model } from "../model/model";

/** Back-off of loading the list: doubles each time, up to the maximum. */
const RETRY_MS = 1_000;
const MAX_RETRY_MS = 30_000;

interface Parts {
  readonly api: Pick<Api, "listBlockedUsers">;
  readonly tabs: Pick<TabSync, "leads" | "broadcastBlocked">;
  readonly model: Model;
  readonly invalidate: (topics: readonly Topic[]) => void;
}

/** Must be called where Solid can clean up. */
export function createBlocks({ api, tabs, model, invalidate }: Parts) {
  /** Numbers the requests: only the answer to the newest one counts. */
  let requestId = 0;
  let loading = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function load(delayMs = RETRY_MS): Promise<void> {
    clearTimeout(timer);
    const ownId = ++requestId;
    loading = true;
    try {
      const ids: string[] = [];
      for (let next: string | undefined = ""; next !== undefined; ) {
        const part = await api.listBlockedUsers(next);
        ids.push(...part.items.map(({ id }) => id));
        next = part.next || undefined;
      }
      if (ownId !== requestId) return;
      loading = false;
      tabs.broadcastBlocked(ids);
    } catch {
      if (ownId === requestId) timer = setTimeout(() => void load(Math.min(2 * delayMs, MAX_RETRY_MS)), delayMs);
    }
  }
  onCleanup(() => {
    requestId += 1;
    clearTimeout(timer);
  });

  return {
    load: () => void load(),
    onUpdates(updates: readonly Update[]): void {
      for (const update of updates) {
        if (update.kind !== "blockChange" || !model.blocked) continue;
        const blocked = new Set(model.blocked);
        if (update.blocked) blocked.add(update.userId);
        else blocked.delete(update.userId);
        model.blocked = blocked;
        invalidate(["blocked"]);
      }
      // Blocks made without a stream, or during a slow one, were not sent. And a list
      // that is loading may lack blocks that another tab or device has made.
      const mustReload = tabs.leads && updates.some(({ kind }) => kind === "ready" || kind === "apart");
      if (mustReload || (loading && updates.some(({ kind }) => kind === "blocked" || kind === "blockChange"))) void load();
    },
  };
}
