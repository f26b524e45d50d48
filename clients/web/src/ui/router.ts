// Addresses and pages. Links are plain links; this takes their clicks.

import { createSignal } from "solid-js";

export type Route =
  | { readonly page: "home" | "login" | "register" | "directory" | "mentions" | "admin" | "lost" }
  | { readonly page: "room"; readonly roomId: string; readonly seq: number | undefined }
  | { readonly page: "search"; readonly query: string }
  | { readonly page: "invite"; readonly code: string }
  | { readonly page: "settings"; readonly section: string };

function parse(path: string): Route {
  const [page, first, second] = path.split("/").filter(Boolean).map(decodeURIComponent);
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

export function navigate(path: string, { replace = false } = {}): void {
  if (replace || path === location.pathname) history.replaceState(null, "", path);
  else history.pushState(null, "", path);
  arrive();
}

function arrive(): void {
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
