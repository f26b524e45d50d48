// The user's preferences in this browser. Stored names stay, since tabs of older versions read them too.

import { createSignal } from "solid-js";

import { read, write } from "../../sync/storage";

export type Theme = "system" | "light" | "dark";

interface Preferences {
  theme: Theme;
  /** Empty: as the browser says. */
  language: string;
  /** Enter sends and Shift+Enter breaks the line; else Ctrl+Enter sends. */
  enterSends: boolean;
  showMembers: boolean;
  /** Which messages notify while the page has no focus. */
  notify: "none" | "direct" | "all";
  /** Whether the notification prompt was answered. */
  asked: boolean;
  sound: boolean;
}

const KEY = "causerie.prefs";
const DEFAULTS: Preferences = {
  theme: "system",
  language: "",
  enterSends: true,
  showMembers: true,
  notify: "direct",
  asked: false,
  sound: true,
};

function readStored(): Preferences {
  try {
    return { ...DEFAULTS, ...(JSON.parse(read(KEY) ?? "{}") as Partial<Preferences>) };
  } catch {
    return DEFAULTS;
  }
}

const [prefs, setPrefs] = createSignal(readStored());

window.addEventListener("storage", ({ key }) => key === KEY && setPrefs(readStored()));

export { prefs };

export function setPref<K extends keyof Preferences>(key: K, value: Preferences[K]): void {
  const next = { ...prefs(), [key]: value };
  setPrefs(next);
  write(KEY, JSON.stringify(next));
}
