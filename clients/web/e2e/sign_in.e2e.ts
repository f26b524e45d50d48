// The door: who comes in lands where they wanted to go, who goes leaves nothing
// for the next one in that browser.

import { createClient } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-web";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";

import { AuthService } from "../src/gen/causerie/v1/auth_pb";
import { PASSWORD, type Person } from "./support/people";
import { bubble, composer, openRoom, waitForChunks, followLink, say, useMessageAction, world } from "./support/world";

const w = world({ link: true });

const atDoor = (page: Page) => page.getByRole("button", { name: "Sign in" }).waitFor();
const inside = (page: Page) => page.getByRole("navigation", { name: "Rooms" }).waitFor();
const noSuchPage = (page: Page) => page.getByRole("heading", { name: "Page not found." }).waitFor();
const path = (page: Page) => expect.poll(() => new URL(page.url()).pathname);

async function comeIn(page: Page, { username }: Person): Promise<void> {
  await page.getByLabel("Username").fill(username);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await inside(page);
}

async function choose(page: Page, item: string): Promise<void> {
  await page.locator(".account-button").click();
  await page.getByRole("menuitem", { name: item }).click();
}

/** The sessions of browsers, as the person's other device sees them. */
async function browsers({ username }: Person) {
  const auth = createClient(AuthService, createGrpcWebTransport({ baseUrl: w.server.url }));
  const { session } = await auth.login({ login: username, password: PASSWORD });
  const headers = { authorization: `Bearer ${session?.accessToken}` };
  const list = async () => (await auth.listSessions({}, { headers })).sessions.filter((it) => it.device.startsWith("Chrome"));
  const end = async () => {
    for (const { id } of await list()) await auth.revokeSession({ sessionId: id }, { headers });
  };
  return { list, end };
}

const stored = (page: Page) => page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }));

test("who signs out leaves neither their place nor their ways to the next one", async () => {
  // The first account is the server's admin.
  const [bob, ada] = [await w.person("Bob"), await w.person("Ada")];
  const room = await ada.room("Private affairs");
  const page = await w.window(ada);
  await page.locator(".account-button").click();
  await page.getByRole("menuitemradio", { name: "Invisible" }).click();
  await page.locator(".account-status", { hasText: "Invisible" }).waitFor();
  await page.getByRole("link", { name: /Private affairs/ }).click();
  await path(page).toBe(`/rooms/${room}`);
  await page.getByRole("link", { name: "Search messages" }).click();
  await page.getByRole("searchbox").fill("divorce lawyer");
  await page.keyboard.press("Enter");
  await path(page).toContain("divorce");
  await choose(page, "Sign out");
  await atDoor(page);
  expect(await page.getByText("Your session has ended").count()).toBe(0);
  await comeIn(page, bob);
  await path(page).toBe("/");
  await page.locator(".account-status", { hasText: "Online" }).waitFor();
  await page.goBack();
  await inside(page);
  await path(page).toBe("/");
  await page.goBack();
  await inside(page);
  await path(page).toBe("/");
});

test("whose session was ended comes back to where they were, and nobody else does", async () => {
  const [ada, bob] = [await w.person("Ada"), await w.person("Bob")];
  const { end } = await browsers(ada);
  const page = await w.window(ada);
  await page.goto(`${w.pages.url}/search/lawyer`);
  await inside(page);
  await end();
  await page.getByText("Your session has ended").waitFor();
  await page.reload();
  await atDoor(page);
  await comeIn(page, ada);
  await path(page).toBe("/search/lawyer");
  await end();
  await page.getByText("Your session has ended").waitFor();
  await comeIn(page, bob);
  await path(page).toBe("/");
});

test("what was begun and not sent is gone with its writer, who is asked before messages are lost", async () => {
  const ada = await w.person("Ada");
  const room = await ada.room("Unsaid");
  const page = await w.window(ada);
  await openRoom(page, "Unsaid");
  await waitForChunks(page, "SignOutDialog", "Confirm", "Dialog", "MenuList", "Popover", "MembersPanel");
  w.link.cut();
  await say(page, "a secret not sent");
  await page.locator(".msg-pending").waitFor();
  await composer(page).fill("a secret half written");
  expect(await stored(page)).toMatch(/a secret not sent.*/);
  await choose(page, "Sign out");
  const question = page.getByRole("dialog", { name: "Sign out" });
  await question.getByText("1 unsent message will be lost.").waitFor();
  await question.getByRole("button", { name: "Cancel" }).click();
  expect(await composer(page).inputValue()).toBe("a secret half written");
  await choose(page, "Sign out");
  await question.getByRole("button", { name: "Sign out" }).click();
  await atDoor(page);
  expect(await stored(page)).not.toContain("secret");
  w.link.mend();
  await comeIn(page, ada);
  await page.goto(`${w.pages.url}/rooms/${room}`);
  expect(await composer(page).inputValue()).toBe("");
});

test("what was deleted is deleted, also if its writer signs out while it could still be undone", async () => {
  const [ada, bob] = [await w.person("Ada"), await w.person("Bob")];
  const room = await ada.room("Regret");
  await bob.rooms.joinRoom({ roomId: room });
  await ada.say(room, "to be deleted");
  const page = await w.window(ada);
  await openRoom(page, "Regret");
  await useMessageAction(page, "to be deleted", "More actions");
  await page.getByRole("menuitem", { name: "Delete" }).click();
  await page.getByRole("button", { name: "Undo" }).waitFor();
  await choose(page, "Sign out");
  await atDoor(page);
  // Signing out waits for the server, but not for ever.
  const left = async () => (await bob.chat.listMessages({ roomId: room })).messages.map(({ content }) => content.case);
  await expect.poll(left).not.toContain("text");
});

test("whoever comes by an invite link is told so at the door, and with a new account is in the room", async () => {
  const ada = await w.person("Ada");
  const room = await ada.room("Party");
  const { invite } = await ada.rooms.createInvite({ roomId: room });
  const page = await w.window(undefined);
  await page.goto(`${w.pages.url}/invite/${invite?.code}`);
  await page.getByText("You’ve been invited to a room").waitFor();
  await page.reload();
  await page.getByText("You’ve been invited to a room").waitFor();
  await page.getByRole("link", { name: "Create account" }).click();
  await page.getByText("You’ve been invited to a room").waitFor();
  await page.getByLabel("Username").fill(`guest${Date.now()}`);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByLabel("Confirm password").fill(PASSWORD);
  await page.getByRole("button", { name: "Create account" }).click();
  await path(page).toBe(`/rooms/${room}`);
  await page.getByRole("heading", { name: "Party" }).waitFor();
  await composer(page).waitFor();
});

test("whoever has an account finds the invitation behind the door", async () => {
  const [ada, bob] = [await w.person("Ada"), await w.person("Bob")];
  const room = await ada.room("Second party");
  const { invite } = await ada.rooms.createInvite({ roomId: room });
  const page = await w.window(undefined);
  await page.goto(`${w.pages.url}/invite/${invite?.code}`);
  await page.getByText("You’ve been invited to a room").waitFor();
  await comeIn(page, bob);
  await page.getByRole("heading", { name: "Second party" }).waitFor();
  await expect.poll(() => page.title()).toBe("Invite link · Causerie");
  await page.getByRole("button", { name: "Join room" }).click();
  await path(page).toBe(`/rooms/${room}`);
});

test("an address that nobody could have meant is a page that does not exist, or is searched for as it is", async () => {
  const page = await w.window(await w.person("Ada"));
  for (const lost of ["/rooms/%E0%A4%A", "/rooms/%", "/%"]) {
    await page.goto(`${w.pages.url}${lost}`);
    await inside(page);
    await page.getByRole("heading", { name: /Page not found|This room doesn’t exist/ }).waitFor();
  }
  await page.goto(`${w.pages.url}/search/100%`);
  await expect.poll(() => page.getByRole("searchbox").inputValue()).toBe("100%");
});

test("an address that begins like another host's leads nowhere else", async () => {
  const page = await w.window(undefined);
  // What looks like a file is none of the pages.
  const answer = await page.goto(`${w.pages.url}//evil.example/`);
  expect(answer?.status()).toBe(404);
  expect(new URL(page.url()).origin).toBe(w.pages.url);
  await page.goto(`${w.pages.url}//evil/`);
  await noSuchPage(page);
  await page.goto(`${w.pages.url}/login`);
  await comeIn(page, await w.person("Ada"));
  await page.goto(`${w.pages.url}//evil/`);
  await inside(page);
  await noSuchPage(page);
  expect(new URL(page.url()).origin).toBe(w.pages.url);
  // The browser complains of the status 404, which is right there.
  w.clearComplaints();
});

test("an address of no page says so without signing in, and leads back to the pages that there are", async () => {
  const ada = await w.person("Ada");
  const { end, list } = await browsers(ada);
  const page = await w.window(undefined);
  const answer = await page.goto(`${w.pages.url}/rooms`);
  expect(answer?.status()).toBe(404);
  await noSuchPage(page);
  await path(page).toBe("/rooms");
  await expect.poll(() => page.title()).toBe("Page not found. · Causerie");
  await page.getByRole("link", { name: "Go to your rooms" }).click();
  await atDoor(page);
  await path(page).toBe("/login");
  await expect.poll(() => page.title()).toBe("Welcome back · Causerie");
  expect(await page.getByText("Your session has ended").count()).toBe(0);
  await comeIn(page, ada);
  await path(page).toBe("/");
  // Whose session ends there is told that it has.
  await followLink(page, "/nowhere");
  await noSuchPage(page);
  await expect.poll(async () => (await list()).length).toBe(1);
  await end();
  await page.getByText("Your session has ended").waitFor();
  await path(page).toBe("/login");
  w.clearComplaints();
});

test("an address of no page says so in the language of the browser", async () => {
  const page = await w.window(undefined, { locale: "de-DE" });
  await page.goto(`${w.pages.url}/nowhere`);
  await page.getByRole("heading", { name: "Seite nicht gefunden." }).waitFor();
  await expect.poll(() => page.title()).toBe("Seite nicht gefunden. · Causerie");
  w.clearComplaints();
});

test("where nothing can be stored one comes in and goes out all the same", async () => {
  const ada = await w.person("Ada");
  const { list } = await browsers(ada);
  const page = await w.window(undefined);
  await page.goto(`${w.pages.url}/login`);
  await page.evaluate(() => {
    let piece = "x".repeat(1 << 20);
    for (let i = 0; piece; ) {
      try {
        localStorage.setItem(`filler${i++}`, piece);
      } catch {
        piece = piece.slice(piece.length / 2 + 0.5);
      }
    }
  });
  await comeIn(page, ada);
  expect(await list()).toHaveLength(1);
  await choose(page, "Sign out");
  await atDoor(page);
  await expect.poll(async () => (await list()).length).toBe(0);
});

test("a browser without channels between its tabs can be used", async () => {
  const ada = await w.person("Ada");
  await ada.say(await ada.room("Alone"), "here");
  const page = await w.window(undefined);
  await page.addInitScript(() => Reflect.deleteProperty(window, "BroadcastChannel"));
  await page.goto(w.pages.url);
  await comeIn(page, ada);
  await openRoom(page, "Alone");
  await bubble(page, "here").waitFor();
  const second = await page.context().newPage();
  await second.addInitScript(() => Reflect.deleteProperty(window, "BroadcastChannel"));
  await second.goto(w.pages.url);
  await openRoom(second, "Alone");
  await bubble(second, "here").waitFor();
});

test("who signs out without a connection is signed out on the server before the next one comes in", async () => {
  const [ada, bob] = [await w.person("Ada"), await w.person("Bob")];
  const { list } = await browsers(ada);
  const page = await w.window(ada);
  expect(await list()).toHaveLength(1);
  await page.route("**/Logout", (route) => route.abort());
  await choose(page, "Sign out");
  await atDoor(page);
  await page.unrouteAll();
  await comeIn(page, bob);
  expect(await list()).toHaveLength(0);
});

test("a name that was changed is the one that the next page begins with", async () => {
  const ada = await w.person("Ada");
  const page = await w.window(ada);
  await page.locator(".account-name", { hasText: "Ada" }).waitFor();
  await ada.users.updateProfile({ displayName: "Ada Lovelace" });
  await page.reload();
  await page.locator(".account-name", { hasText: "Ada Lovelace" }).waitFor();
  await expect.poll(() => stored(page)).toContain("Ada Lovelace");
});
