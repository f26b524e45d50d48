// The path to go to after signing in. It survives a reload, and is used only for the
// user it was saved for.

import { createSignal, untrack } from "solid-js";

import { parseRoute } from "../shared/router";

const KEY = "causerie.goal";

interface ReturnPath {
  readonly path: string;
  /** The user who was there; empty if nobody was signed in. */
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

/** The code of the invite that waits behind signing in; empty if there is none. */
export function pendingInviteCode(): string {
  const route = parseRoute(returnPath().path);
  return route.page === "invite" ? route.code : "";
}

/** The code of the invite with which this page has created an account: it was accepted by that. */
export const acceptedInvite = { code: "" };
