// Keys by which the server tells a request that is sent again from a new one.

import { randomId } from "../domain/random-id";
import { failureFrom } from "./failures";

/** Passwords are among what requests ask for. */
const KEY_LIFETIME_MS = 10 * 60_000;

/** Of the requests that are under way, and of those that had no answer lately: by what they ask for. */
const keys = new Map<string, string>();
const timers = new Map<string, ReturnType<typeof setTimeout>>();

/** Forgets all of them, as when somebody signs out: what is asked for again is a request of its own. */
export function clearIdempotencyKeys(): void {
  for (const name of [...keys.keys()]) forget(name);
}

function forget(name: string): void {
  clearTimeout(timers.get(name));
  timers.delete(name);
  keys.delete(name);
}

function remember(name: string, key: string): void {
  forget(name);
  keys.set(name, key);
  timers.set(name, setTimeout(() => forget(name), KEY_LIFETIME_MS));
}

/**
 * Makes a call that makes something. A second one that asks for the same while the first is under way, such as by a
 * double click, has the same key, and so has one after a failure that leaves open whether it was made.
 */
export async function withKey<T>(request: readonly unknown[], call: (idempotencyKey: string) => Promise<T>): Promise<T> {
  const name = JSON.stringify(request);
  const key = keys.get(name) ?? randomId();
  remember(name, key);
  try {
    const answer = await call(key);
    forget(name);
    return answer;
  } catch (error) {
    const { code } = failureFrom(error);
    if (code === "final" || code === "exhausted" || code === "unauthenticated") forget(name);
    throw error;
  }
}

/**
 * The same for what others may undo, such as a ban: what is asked for after a failure is a request of its own, or it
 * could be answered by the one before, and nothing would happen.
 */
export async function withKeyOnce<T>(request: readonly unknown[], call: (idempotencyKey: string) => Promise<T>): Promise<T> {
  try {
    return await withKey(request, call);
  } finally {
    forget(JSON.stringify(request));
  }
}
