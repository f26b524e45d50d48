// Where to go once signed in. It survives a reload at the door, and is nothing
// to anyone but whom it was kept for.

import { createSignal, untrack } from "solid-js";

import { parseRoute } from "../shared/router";

const KEY = "causerie.goal";

interface ReturnPath {
  readonly path: string;
  /** Who was there; empty if nobody was signed in. */
  readonly userId: string;
}

const NONE: ReturnPath = { path: "/", userId: "" };
const [returnPath, setReturnPath] = createSignal(readStored());

function readStored(): ReturnPath {
  try {
    return { ...NONE, ...(JSON.parse(sessionStorage.getItem(KEY) ?? "{}") as Partial<ReturnPath>) };
  } catch {
    return NONE;
  }
}

export function saveReturnPath(path: string, userId: string): void {
  setReturnPath({ path, userId });
  try {
    sessionStorage.setItem(KEY, JSON.stringify({ path, userId }));
  } catch {
    // Full or forbidden: it is known until the page goes.
  }
}

/** Once. */
export function takeReturnPath(userId: string): string {
  const { path, userId: ownerId } = untrack(returnPath);
  saveReturnPath("/", "");
  return ownerId && ownerId !== userId ? "/" : path;
}

/** The code of the invite which whoever signs in does so to accept; empty if there is none. */
export function pendingInviteCode(): string {
  const route = parseRoute(returnPath().path);
  return route.page === "invite" ? route.code : "";
}

/** The code of the invite with which this page has made an account: who comes to it is in the room. */
export const acceptedInvite = { code: "" };
