// Where files can be had: links are asked for many at a time, kept while they
// work, and asked for anew before they do not.

import { onCleanup } from "solid-js";

import type { Api } from "../../api/calls";
import type { Variant } from "../../api/files";
import { Failure } from "../../domain/failure";
import type { Topics } from "../model/topics";

export type { Variant } from "../../api/files";

/** As many as the server makes at once. */
const MOST = 100;
/** After a failure they are asked for again, but not at once. */
const AGAIN_MS = 3_000;
/** So long before its end a link is not given out any more. */
const SPARE_MS = 60_000;

/** The server lets a link work for ten minutes at least. */
const LEAST_MS = 10 * 60_000;

/** Where the clock here is wrong, a link is good for a while too, and no longer than it surely works. */
export const usableUntil = (expiresAt: number, now = Date.now()) =>
  Math.min(Math.max(expiresAt - SPARE_MS, now + SPARE_MS), now + LEAST_MS - SPARE_MS);

interface Parts {
  readonly api: Pick<Api, "files">;
  readonly topics: Topics;
}

export interface Links {
  /** Undefined while it is on its way, and for what the user may not see. */
  (fileId: string, variant: Variant): string | undefined;
}

export function createLinks({ api, topics }: Parts): Links {
  const known = new Map<string, { path: string | undefined; until: number }>();
  const asked = new Set<string>();
  const wanted: Record<Variant, Set<string>> = { whole: new Set(), large: new Set(), small: new Set() };
  let stopped = false;
  onCleanup(() => (stopped = true));
  const key = (id: string, variant: Variant) => `${variant}:${id}`;

  function want(id: string, variant: Variant): void {
    if (asked.has(key(id, variant))) return;
    asked.add(key(id, variant));
    if (!wanted[variant].size) queueMicrotask(() => void ask(variant));
    wanted[variant].add(id);
  }

  async function ask(variant: Variant): Promise<void> {
    const ids = [...wanted[variant]];
    wanted[variant].clear();
    for (let i = 0; i < ids.length; i += MOST) {
      const some = ids.slice(i, i + MOST);
      try {
        took(some, variant, await (await api.files()).links(some, variant));
      } catch (error) {
        if (error instanceof Failure && error.isFinal) continue;
        setTimeout(() => {
          if (stopped) return;
          for (const id of some) asked.delete(key(id, variant));
          for (const id of some) want(id, variant);
        }, AGAIN_MS);
      }
    }
  }

  function took(ids: readonly string[], variant: Variant, links: readonly { fileId: string; path: string; expiresAt: number }[]): void {
    const found = new Map(links.map((link) => [link.fileId, link]));
    for (const id of ids) {
      const link = found.get(id);
      asked.delete(key(id, variant));
      // What may not be seen is not asked for again.
      known.set(key(id, variant), { path: link?.path, until: link ? usableUntil(link.expiresAt) : Infinity });
    }
    // What is saved must work whenever it is clicked; an image that is shown has come already.
    const next = Math.min(...links.map(({ expiresAt }) => usableUntil(expiresAt)));
    if (variant === "whole" && links.length) setTimeout(() => tell(ids, variant), next - Date.now() + 1);
    tell(ids, variant);
  }

  const tell = (ids: readonly string[], variant: Variant) => topics.touch(ids.map((id) => `link:${key(id, variant)}` as const));

  return (id, variant) => {
    if (!id) return undefined;
    topics.track(`link:${key(id, variant)}`);
    const link = known.get(key(id, variant));
    if (!link || link.until < Date.now()) want(id, variant);
    // The old one stays until the new one is there: nothing flickers.
    return link?.path;
  };
}
