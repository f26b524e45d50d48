// Addresses and pages. Links are plain links; this takes their clicks.

import { createSignal } from "solid-js";

export type Route =
  | { readonly page: "home" | "login" | "register" | "directory" | "mentions" | "admin" | "lost" }
  | { readonly page: "room"; readonly roomId: string; readonly seq: number | undefined }
  | { readonly page: "search"; readonly query: string }
  | { readonly page: "invite"; readonly code: string }
  | { readonly page: "settings"; readonly section: string };

/** What nobody encoded is taken as it is. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function parse(path: string): Route {
  const [page, first, second] = path.split("/").filter(Boolean).map(decoded);
  switch (page) {
    case undefined:
      return { page: "home" };
    case "login":
    case "register":
    case "directory":
    case "mentions":
    case "admin":
      return { page };
    case "search":
      return { page, query: first ?? "" };
    case "invite":
      return first ? { page: "invite", code: first } : { page: "lost" };
    case "settings":
      return { page, section: first ?? "" };
    case "rooms":
      if (!first) return { page: "home" };
      return { page: "room", roomId: first, seq: second && /^\d+$/.test(second) ? Number(second) : undefined };
    default:
      return { page: "lost" };
  }
}

const [route, setRoute] = createSignal(parse(location.pathname));
export { route };

/** Names each visit, so that going to the same message again goes there again. */
export const [visit, setVisit] = createSignal(0);

export const roomPath = (roomId: string, seq?: number) =>
  `/rooms/${encodeURIComponent(roomId)}${seq === undefined ? "" : `/${seq}`}`;

export const invitePath = (code: string) => `/invite/${encodeURIComponent(code)}`;

export const searchPath = (query: string) => (query ? `/search/${encodeURIComponent(query)}` : "/search");

/** Whose visits these are; empty while nobody is signed in. */
let visitor = "";

/** From here on the visits are somebody else's. */
export function welcome(userId: string): void {
  visitor = userId;
  if (userId && visitedBy()) leaveStrange();
  else history.replaceState(visitor, "", location.href);
}

/** Who was where the browser is now; empty if it came from outside. */
export const visitedBy = (): string => (history.state as string | null) ?? "";

/** Where someone else has been is nothing to who comes there by the history. */
function leaveStrange(): void {
  if (!visitedBy() || visitedBy() === visitor) return;
  history.replaceState(visitor, "", "/");
  setRoute(parse("/"));
}

export function navigate(to: string, { replace = false } = {}): void {
  // More than one slash would begin a host's name.
  const path = to.replace(/^\/+/, "/");
  if (replace || path === location.pathname) history.replaceState(visitor, "", path);
  else history.pushState(visitor, "", path);
  arrive();
}

function arrive(): void {
  leaveStrange();
  setRoute(parse(location.pathname));
  setVisit(visit() + 1);
}

window.addEventListener("popstate", arrive);

document.addEventListener("click", (event) => {
  const link = event.target instanceof Element ? event.target.closest("a") : null;
  const other = event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey;
  if (!link || other || event.defaultPrevented || link.target || link.hasAttribute("download") || link.origin !== location.origin) return;
  event.preventDefault();
  navigate(link.pathname);
});
