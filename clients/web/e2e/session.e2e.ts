// The session of a browser: its secret is out of reach of scripts, and it lasts
// over reloads until somebody ends it.

import type { RequestListener } from "node:http";

import { createClient } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-web";
import type { BrowserContext, Page } from "playwright-core";
import { expect, test } from "vitest";

import { AuthService } from "../src/gen/causerie/v1/auth_pb";
import { PASSWORD, type Person } from "./support/people";
import { bubble, openRoom, waitForChunks, signIn, world } from "./support/world";

const w = world({ link: true });

/** The account's sessions, as another device of the same person sees and ends them. */
async function device({ username }: Person) {
  const open = createClient(AuthService, createGrpcWebTransport({ baseUrl: w.server.url }));
  const { session } = await open.login({ login: username, password: PASSWORD });
  const headers = { authorization: `Bearer ${session?.accessToken}` };
  const auth = createClient(AuthService, createGrpcWebTransport({ baseUrl: w.server.url }));
  const browsers = async () => (await auth.listSessions({}, { headers })).sessions.filter((it) => it.device.startsWith("Chrome"));
  return {
    browsers,
    async endBrowsers(): Promise<void> {
      for (const { id } of await browsers()) await auth.revokeSession({ sessionId: id }, { headers });
    },
  };
}

const kept = async (context: BrowserContext) => (await context.cookies()).find(({ name }) => name === "causerie_refresh");
const atDoor = (page: Page) => page.getByRole("button", { name: "Sign in" }).waitFor();
const inside = (page: Page) => page.getByRole("navigation", { name: "Rooms" }).waitFor();

async function signOut(page: Page): Promise<void> {
  await page.locator(".account-button").click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
}

/** Whatever a script of the page can read and keep. */
const readable = (page: Page) =>
  page.evaluate(async () => {
    const found: unknown[] = [document.cookie, { ...localStorage }, { ...sessionStorage }, location.href, history.state];
    const done = <T>(request: IDBRequest<T>) =>
      new Promise<T>((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
    for (const { name } of await indexedDB.databases()) {
      const database = await done(indexedDB.open(name ?? ""));
      for (const store of database.objectStoreNames) {
        found.push(await done(database.transaction(store).objectStore(store).getAll()));
      }
      database.close();
    }
    for (const name of await caches.keys()) {
      for (const answer of await (await caches.open(name)).matchAll()) found.push(await answer.text());
    }
    return JSON.stringify(found);
  });

test("scripts find no token in anything that lasts, and the server's answers carry no refresh token", async () => {
  const page = await w.window(undefined);
  const answers = new Map<string, string>();
  // As scripts get them. The browser itself keeps nothing of them (no-store).
  await page.exposeFunction("tellAnswer", (call: string, body: string) => void answers.set(call, body));
  await page.addInitScript(() => {
    const { fetch: ask, tellAnswer: tell } = window as unknown as { fetch: typeof fetch; tellAnswer: (call: string, body: string) => void };
    window.fetch = async (...request) => {
      const response = await ask(...request);
      const call = /\/(Register|Login|RefreshSession)$/.exec(response.url)?.[1];
      if (!call) return response;
      const bytes = await response.arrayBuffer();
      tell(call, new TextDecoder("latin1").decode(bytes));
      return new Response(bytes, response);
    };
  });
  const ada = await w.person("Ada");
  await signIn(page, w.pages.url, ada.username);
  const first = await kept(page.context());
  expect(first).toMatchObject({ httpOnly: true, sameSite: "Strict", path: "/causerie.v1.AuthService", secure: false });
  await expect.poll(() => answers.has("Login")).toBe(true);
  answers.delete("RefreshSession");
  await page.reload();
  await inside(page);
  await expect.poll(async () => (await kept(page.context()))?.value).not.toBe(first?.value);
  const second = await kept(page.context());
  // The cookie may be there before the page has heard of the answer.
  await expect.poll(() => answers.has("RefreshSession")).toBe(true);
  const said = [...answers.values()].join("\n");
  const found = await readable(page);
  expect(found).toContain(ada.username);
  for (const secret of [first?.value, second?.value]) {
    expect(secret).toMatch(/^eyJ/);
    expect(found).not.toContain(secret);
    expect(said).not.toContain(secret);
  }
  // Nor an access token: all of them begin so.
  expect(found).not.toContain("eyJ");
});

test("a reload asks for one token while the code is on its way, and never shows the door", async () => {
  const ada = await w.person("Ada");
  const room = await ada.room("Reloaded");
  await ada.say(room, "still here");
  const page = await w.window(ada);
  await openRoom(page, "Reloaded");
  await page.addInitScript(() => {
    const seen = window as unknown as { doors: number };
    seen.doors = 0;
    new MutationObserver(() => (seen.doors += document.querySelectorAll(".auth").length)).observe(document, {
      childList: true,
      subtree: true,
    });
  });
  let refreshes = 0;
  let asked = () => {};
  const early = new Promise<void>((done) => (asked = done));
  page.on("request", (request) => {
    if (!request.url().endsWith("/RefreshSession")) return;
    refreshes += 1;
    asked();
  });
  // No code comes before the token was asked for.
  await page.route("**/assets/*.js", async (route) => (await early, await route.continue()));
  await page.reload();
  await bubble(page, "still here").waitFor();
  expect(refreshes).toBe(1);
  expect(await page.evaluate(() => (window as unknown as { doors: number }).doors)).toBe(0);
  await page.unrouteAll({ behavior: "ignoreErrors" });
});

test("a page that goes while it asks for a token still gets the cookie that succeeds the spent one", async () => {
  const page = await w.window(await w.person("Ada"));
  const before = (await kept(page.context()))?.value;
  const { http } = w.link;
  const [serve] = http.listeners("request") as RequestListener[];
  let asked = () => {};
  const reached = new Promise<void>((done) => (asked = done));
  let release = () => {};
  const released = new Promise<void>((done) => (release = done));
  http.removeAllListeners("request").on("request", async (call, answer) => {
    if (call.url?.endsWith("/RefreshSession")) {
      asked();
      await released;
    }
    serve?.(call, answer);
  });
  await page.reload();
  await reached;
  await page.goto("about:blank");
  release();
  await expect.poll(async () => (await kept(page.context()))?.value).not.toBe(before);
  http.removeAllListeners("request").on("request", serve!);
  await page.goto(w.pages.url);
  await inside(page);
});

test("signing out in one tab signs out the others, and nothing of the session is left", async () => {
  const ada = await w.person("Ada");
  const { browsers } = await device(ada);
  const first = await w.window(ada);
  const second = await first.context().newPage();
  await second.goto(w.pages.url);
  await inside(second);
  expect(await browsers()).toHaveLength(1);
  await signOut(second);
  await atDoor(second);
  await atDoor(first);
  await expect.poll(browsers).toHaveLength(0);
  await expect.poll(() => kept(first.context())).toBeUndefined();
  await first.reload();
  await atDoor(first);
  // The other tab comes in with whoever signs in next.
  const bob = await w.person("Bob");
  await signIn(first, w.pages.url, bob.username);
  await inside(second);
  await second.getByText(bob.displayName).first().waitFor();
});

test("who signs out without a connection is out, and the server hears of it later", async () => {
  const ada = await w.person("Ada");
  const { browsers } = await device(ada);
  const page = await w.window(ada);
  await waitForChunks(page, "MenuList", "Popover");
  w.link.cut();
  await signOut(page);
  await atDoor(page);
  expect(await browsers()).toHaveLength(1);
  w.link.mend();
  await page.reload();
  await atDoor(page);
  await expect.poll(browsers).toHaveLength(0);
  await expect.poll(() => kept(page.context())).toBeUndefined();
});

test("a session that was ended elsewhere ends at the door, with the page open or not", async () => {
  const ada = await w.person("Ada");
  const { endBrowsers } = await device(ada);
  const page = await w.window(ada);
  await endBrowsers();
  await atDoor(page);
  await page.getByText("Your session has ended").waitFor();
  await signIn(page, w.pages.url, ada.username);
  await page.goto("about:blank");
  await endBrowsers();
  await page.goto(w.pages.url);
  await atDoor(page);
  await page.getByText("Your session has ended").waitFor();
  expect(await kept(page.context())).toBeUndefined();
});

test("a page of another origin gets nothing, though the browser has the cookie", async () => {
  const ada = await w.person("Ada");
  const page = await w.window(ada);
  const before = await kept(page.context());
  // Another port of the same host: to SameSite the same site.
  const other = await page.context().newPage();
  const port = new URL(w.server.url).port;
  await other.goto(`http://localhost:${port}/healthz`);
  const outcome = await other.evaluate(
    (url) =>
      fetch(`${url}/causerie.v1.AuthService/RefreshSession`, {
        method: "POST",
        headers: { "content-type": "application/grpc-web+proto", "x-grpc-web": "1" },
        body: new Uint8Array(5),
        credentials: "include",
      }).then(
        () => "answered",
        () => "refused",
      ),
    w.pages.url,
  );
  expect(outcome).toBe("refused");
  expect((await kept(page.context()))?.value).toBe(before?.value);
  w.clearComplaints();
});
