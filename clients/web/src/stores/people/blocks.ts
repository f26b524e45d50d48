// Whom the user has blocked: read by the tab that leads, and told to all.

import { onCleanup } from "solid-js";

import type { Api } from "../../api/calls";
import type { TabSync } from "../../sync/tab-sync";
import type { Update } from "../../sync/update";
import type { Topic } from "../model/apply";
import type { Model } from "../model/model";

/** The list is asked for again after this, and after twice as long each time up to the longest. */
const AGAIN_MS = 1_000;
const LONGEST_MS = 30_000;

interface Parts {
  readonly api: Pick<Api, "listBlockedUsers">;
  readonly live: Pick<TabSync, "leads" | "broadcastBlocked">;
  readonly model: Model;
  readonly took: (touched: readonly Topic[]) => void;
}

/** Must be called where Solid can clean up. */
export function createBlocks({ api, live, model, took }: Parts) {
  /** Counts the lists: of two that are on their way the second is the newer. */
  let turn = 0;
  let reading = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function read(delayMs = AGAIN_MS): Promise<void> {
    clearTimeout(timer);
    const mine = ++turn;
    reading = true;
    try {
      const ids: string[] = [];
      for (let next: string | undefined = ""; next !== undefined; ) {
        const part = await api.listBlockedUsers(next);
        ids.push(...part.items.map(({ id }) => id));
        next = part.next || undefined;
      }
      if (mine !== turn) return;
      reading = false;
      live.broadcastBlocked(ids);
    } catch {
      if (mine === turn) timer = setTimeout(() => void read(Math.min(2 * delayMs, LONGEST_MS)), delayMs);
    }
  }
  onCleanup(() => {
    turn += 1;
    clearTimeout(timer);
  });

  return {
    read: () => void read(),
    after(updates: readonly Update[]): void {
      for (const update of updates) {
        if (update.kind !== "blockChange" || !model.blocked) continue;
        const blocked = new Set(model.blocked);
        if (update.blocked) blocked.add(update.userId);
        else blocked.delete(update.userId);
        model.blocked = blocked;
        took(["blocked"]);
      }
      // Who was blocked while there was no stream, or a slow one, was not told. And a
      // list that is on its way may not have whom another tab or device has blocked.
      const anew = live.leads && updates.some(({ kind }) => kind === "ready" || kind === "apart");
      if (anew || (reading && updates.some(({ kind }) => kind === "blocked" || kind === "blockChange"))) void read();
    },
  };
}
