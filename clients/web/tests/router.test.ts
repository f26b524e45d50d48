// The addresses of pages, as the server knows them too.

import { beforeAll, expect, test, vi } from "vitest";

import cases from "../../cases/routes.json";

type Parse = typeof import("../src/ui/shared/router").parseRoute;
let parse: Parse;

beforeAll(async () => {
  // The router looks at where the browser is, and listens to it.
  vi.stubGlobal("location", { pathname: "/", hash: "" });
  vi.stubGlobal("window", { addEventListener: () => undefined });
  vi.stubGlobal("document", { addEventListener: () => undefined });
  ({ parseRoute: parse } = await import("../src/ui/shared/router"));
});

test.for(cases as [path: string, page: string][])("%s is the address of: %s", ([path, page]) => {
  expect(parse(path).page).toBe(page);
});

test("what an address names is decoded", () => {
  expect(parse("/search/from%3Aada%20a%2Fb")).toEqual({ page: "search", query: "from:ada a/b" });
  expect(parse("/search/%")).toEqual({ page: "search", query: "%" });
  expect(parse("/rooms/somewhere/42")).toEqual({ page: "room", roomId: "somewhere", seq: 42 });
  expect(parse("/rooms/somewhere")).toEqual({ page: "room", roomId: "somewhere", seq: undefined });
  expect(parse("/settings")).toEqual({ page: "settings", section: "" });
  expect(parse("/settings/language")).toEqual({ page: "settings", section: "language" });
});

test("the token of a recovery link is taken out of the address before anything is shown, and of no other page", async () => {
  const replaced: unknown[] = [];
  vi.stubGlobal("history", { state: "ada", replaceState: (...entry: unknown[]) => void replaced.push(entry) });
  const open = async (pathname: string, hash: string) => {
    vi.stubGlobal("location", { pathname, hash });
    vi.resetModules();
    return (await import("../src/ui/shared/router")).recoveryToken();
  };
  expect(await open("/search", "#secret")).toBe("");
  expect(await open("/recover", "")).toBe("");
  expect(replaced).toEqual([]);
  expect(await open("/recover", "#secret")).toBe("secret");
  expect(replaced).toEqual([["ada", "", "/recover"]]);
});
