// What this browser remembers of the user's wishes.

import { createSignal } from "solid-js";

import { read, write } from "../../sync/storage";

export type Theme = "system" | "light" | "dark";

interface Stored {
  theme: Theme;
  /** Empty: as the browser says. */
  language: string;
  /** Enter sends and Shift+Enter breaks the line; else Ctrl+Enter sends. */
  enterSends: boolean;
  showMembers: boolean;
  /** Of which messages one is told while one looks elsewhere. */
  notify: "none" | "direct" | "all";
  /** Whether one was asked if one wants to be told. */
  asked: boolean;
  sound: boolean;
}

const KEY = "causerie.prefs";
const DEFAULTS: Stored = {
  theme: "system",
  language: "",
  enterSends: true,
  showMembers: true,
  notify: "direct",
  asked: false,
  sound: true,
};

function stored(): Stored {
  try {
    return { ...DEFAULTS, ...(JSON.parse(read(KEY) ?? "{}") as Partial<Stored>) };
  } catch {
    return DEFAULTS;
  }
}

const [prefs, change] = createSignal(stored());

window.addEventListener("storage", ({ key }) => key === KEY && change(stored()));

export { prefs };

export function setPref<K extends keyof Stored>(key: K, value: Stored[K]): void {
  const next = { ...prefs(), [key]: value };
  change(next);
  write(KEY, JSON.stringify(next));
}
