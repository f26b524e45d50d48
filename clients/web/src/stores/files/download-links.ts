// Download links of files: requested many at a time, cached while they work, and
// renewed before they expire.

import { onCleanup } from "solid-js";

import type { Api } from "../../api/calls";
import type { Variant } from "../../api/files";
import { Failure } from "../../domain/failure";
import type { Topics } from "../model/topics";

export type { Variant } from "../../api/files";

/** As many as the server makes at once. */
const MAX_LINKS_PER_CALL = 100;
/** After a failure they are asked for again, but not at once. */
const RETRY_MS = 3_000;
/** A link is renewed this long before it expires. */
const RENEWAL_MARGIN_MS = 60_000;

/** The server lets a link work for ten minutes at least. */
const MIN_LIFETIME_MS = 10 * 60_000;

/** If the local clock is wrong, a link is still used for a while, and never longer than it surely works. */
export const usableUntil = (expiresAt: number, now = Date.now()) =>
  Math.min(Math.max(expiresAt - RENEWAL_MARGIN_MS, now + RENEWAL_MARGIN_MS), now + MIN_LIFETIME_MS - RENEWAL_MARGIN_MS);

interface Parts {
  readonly api: Pick<Api, "files">;
  readonly topics: Topics;
}

export interface DownloadLinks {
  /** Undefined while it is on its way, and for what the user may not see. */
  (fileId: string, variant: Variant): string | undefined;
}

export function createDownloadLinks({ api, topics }: Parts): DownloadLinks {
  const cache = new Map<string, { path: string | undefined; until: number }>();
  const requested = new Set<string>();
  const queue: Record<Variant, Set<string>> = { whole: new Set(), large: new Set(), small: new Set() };
  let stopped = false;
  onCleanup(() => (stopped = true));
  const key = (id: string, variant: Variant) => `${variant}:${id}`;

  function request(id: string, variant: Variant): void {
    if (requested.has(key(id, variant))) return;
    requested.add(key(id, variant));
    if (!queue[variant].size) queueMicrotask(() => void loadQueue(variant));
    queue[variant].add(id);
  }

  async function loadQueue(variant: Variant): Promise<void> {
    const ids = [...queue[variant]];
    queue[variant].clear();
    for (let i = 0; i < ids.length; i += MAX_LINKS_PER_CALL) {
      const batch = ids.slice(i, i + MAX_LINKS_PER_CALL);
      try {
        storeLinks(batch, variant, await (await api.files()).links(batch, variant));
      } catch (error) {
        if (error instanceof Failure && error.isFinal) continue;
        setTimeout(() => {
          if (stopped) return;
          for (const id of batch) requested.delete(key(id, variant));
          for (const id of batch) request(id, variant);
        }, RETRY_MS);
      }
    }
  }

  function storeLinks(ids: readonly string[], variant: Variant, links: readonly { fileId: string; path: string; expiresAt: number }[]): void {
    const linksById = new Map(links.map((link) => [link.fileId, link]));
    for (const id of ids) {
      const link = linksById.get(id);
      requested.delete(key(id, variant));
      // A file that the user may not see is not requested again.
      cache.set(key(id, variant), { path: link?.path, until: link ? usableUntil(link.expiresAt) : Infinity });
    }
    // A download link must work whenever it is clicked; an image that is shown is loaded already.
    const next = Math.min(...links.map(({ expiresAt }) => usableUntil(expiresAt)));
    if (variant === "whole" && links.length) setTimeout(() => invalidate(ids, variant), next - Date.now() + 1);
    invalidate(ids, variant);
  }

  const invalidate = (ids: readonly string[], variant: Variant) => topics.invalidate(ids.map((id) => `link:${key(id, variant)}` as const));

  return (id, variant) => {
    if (!id) return undefined;
    topics.track(`link:${key(id, variant)}`);
    const link = cache.get(key(id, variant));
    if (!link || link.until < Date.now()) request(id, variant);
    // The old link stays until the new one is there, so that nothing flickers.
    return link?.path;
  };
}
