// Where to go once signed in. It survives a reload at the door, and is nothing
// to anyone but whom it was kept for.

import { createSignal, untrack } from "solid-js";

import { parse } from "../shared/router";

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

/** The code of the invite which whoever signs in does so to accept; empty if there is none. */
export function invitedWith(): string {
  const to = parse(goal().path);
  return to.page === "invite" ? to.code : "";
}

/** The code of the invite with which this page has made an account: who comes to it is in the room. */
export const accepted = { code: "" };
