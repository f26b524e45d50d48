// Where to go once signed in. It survives a reload at the door, and is nothing
// to anyone but whom it was kept for.

import { createSignal, untrack } from "solid-js";

const KEY = "causerie.goal";

interface Goal {
  readonly path: string;
  /** Who was there; empty if nobody was signed in. */
  readonly userId: string;
}

const NONE: Goal = { path: "/", userId: "" };
const [goal, setGoal] = createSignal(stored());

function stored(): Goal {
  try {
    return { ...NONE, ...(JSON.parse(sessionStorage.getItem(KEY) ?? "{}") as Partial<Goal>) };
  } catch {
    return NONE;
  }
}

export function keepGoal(path: string, userId: string): void {
  setGoal({ path, userId });
  try {
    sessionStorage.setItem(KEY, JSON.stringify({ path, userId }));
  } catch {
    // Full or forbidden: it is known until the page goes.
  }
}

/** Once. */
export function takeGoal(userId: string): string {
  const { path, userId: whose } = untrack(goal);
  keepGoal("/", "");
  return whose && whose !== userId ? "/" : path;
}

/** Whether whoever signs in does so to accept an invitation. */
export const isInvited = (): boolean => goal().path.startsWith("/invite/");
