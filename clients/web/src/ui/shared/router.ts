// Routes and navigation. Links are plain links; the router handles their clicks.

import { createSignal } from "solid-js";

import table from "../../routes.txt?raw";

export type Route =
  | { readonly page: "home" | "login" | "register" | "recover" | "directory" | "mentions" | "admin" | "lost" }
  | { readonly page: "room"; readonly roomId: string; readonly seq: number | undefined }
  | { readonly page: "search"; readonly query: string }
  | { readonly page: "invite"; readonly code: string }
  | { readonly page: "settings"; readonly section: string };

/** A part that is not encoded is used as it is. */
function decodePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** Of the table of all addresses (routes.txt): `*` stands for any part, `#` for a number. */
const PATTERNS = table.trim().split("\n").map((path) => path.split("/").filter(Boolean));
const matches = (pattern: readonly string[], parts: readonly string[]) =>
  pattern.length === parts.length && pattern.every((it, i) => it === "*" || (it === "#" ? /^\d+$/.test(parts[i]!) : it === parts[i]));

export function parseRoute(path: string): Route {
  const parts = path.split("/").filter(Boolean).map(decodePart);
  if (!PATTERNS.some((it) => matches(it, parts))) return { page: "lost" };
  const [page = "home", first = "", second] = parts;
  switch (page) {
    case "search":
      return { page, query: first };
    case "invite":
      return { page, code: first };
    case "settings":
      return { page, section: first };
    case "rooms":
      return { page: "room", roomId: first, seq: second ? Number(second) : undefined };
    default:
      return { page } as Route;
  }
}

let currentPath = location.pathname;
const [route, setRoute] = createSignal(parseRoute(currentPath));
export { route };

/** The token of a recovery link. It is removed from the address at once, since it allows setting a password. */
export const [recoveryToken, setRecoveryToken] = createSignal("");

function takeToken(from: Location | HTMLAnchorElement): void {
  const { hash, pathname } = from;
  if (!hash || parseRoute(pathname).page !== "recover") return;
  setRecoveryToken(hash.slice(1));
  if (from === location) history.replaceState(history.state, "", pathname);
}

takeToken(location);

/** Counts navigations, so that following the same link again has an effect. */
export const [visit, setVisit] = createSignal(0);

export const roomPath = (roomId: string, seq?: number) =>
  `/rooms/${encodeURIComponent(roomId)}${seq === undefined ? "" : `/${seq}`}`;

export const invitePath = (code: string) => `/invite/${encodeURIComponent(code)}`;

export const searchPath = (query: string) => (query ? `/search/${encodeURIComponent(query)}` : "/search");

/** The user whose history entries these are; empty while nobody is signed in. */
let visitor = "";

/** From here on history entries belong to this user. */
export function setVisitor(userId: string): void {
  visitor = userId;
  if (userId && entryVisitor()) leaveForeignEntry();
  else history.replaceState(visitor, "", location.href);
}

/** The user of the current history entry; empty if it came from outside. */
export const entryVisitor = (): string => (history.state as string | null) ?? "";

/** A history entry of another user leads to the start page. */
function leaveForeignEntry(): void {
  if (!entryVisitor() || entryVisitor() === visitor) return;
  history.replaceState(visitor, "", "/");
  currentPath = "/";
  setRoute(parseRoute("/"));
}

/** Closes the layer over the page. The layer has a history entry, so that Back closes it instead of leaving the page. */
let close: (() => void) | undefined;
let entry: "none" | "ours" | "leaving" = "none";

/** Opens a layer over the page. Returns a function to call when it is closed; `onClose` closes it. */
export function openLayer(onClose: () => void): () => void {
  close = onClose;
  pushLayerEntry();
  return () => {
    if (close !== onClose) return;
    close = undefined;
    // Another layer may open at once.
    queueMicrotask(() => {
      if (close || entry !== "ours") return;
      entry = "leaving";
      history.back();
    });
  };
}

function pushLayerEntry(): void {
  if (entry !== "none") return;
  history.pushState(visitor, "");
  entry = "ours";
}

export function navigate(to: string, { replace = false } = {}): void {
  // More than one slash would begin a host's name.
  const path = to.replace(/^\/+/, "/");
  const over = entry === "ours";
  if (over) entry = "none";
  close?.();
  close = undefined;
  if (replace || over || path === location.pathname) history.replaceState(visitor, "", path);
  else history.pushState(visitor, "", path);
  updateRoute();
}

function onPopState(): void {
  // A changed hash is no other page.
  takeToken(location);
  const left = entry;
  entry = "none";
  if (left === "leaving" && close) return pushLayerEntry();
  close?.();
  // Two entries with the same address are a page and its layer.
  if (location.pathname !== currentPath) updateRoute();
}

function updateRoute(): void {
  leaveForeignEntry();
  currentPath = location.pathname;
  setRoute(parseRoute(location.pathname));
  setVisit(visit() + 1);
}

window.addEventListener("popstate", onPopState);

document.addEventListener("click", (event) => {
  const link = event.target instanceof Element ? event.target.closest("a") : null;
  const other = event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey;
  if (!link || other || event.defaultPrevented || link.target || link.hasAttribute("download") || link.origin !== location.origin) return;
  event.preventDefault();
  takeToken(link);
  navigate(link.pathname);
});
