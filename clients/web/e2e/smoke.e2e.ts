// Two people talk.

import type { Page } from "playwright-core";
import { expect, test } from "vitest";

import { PASSWORD } from "./support/people";
import { png } from "./support/images";
import { bubble, composer, openRoom, say, signIn, world } from "./support/world";

const w = world();

test("a newcomer registers, finds a room, talks, sends a picture and changes the theme", async () => {
  // Whoever comes first owns the rooms that a server comes with.
  await w.person("Founder");
  const page = await w.window(undefined);
  await page.goto(w.pages.url);
  await page.getByRole("link", { name: "Create account" }).click();
  await page.getByLabel("Username").fill("newcomer");
  await page.getByLabel("Display name").fill("New Comer");
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByLabel("Confirm password").fill(PASSWORD);
  await page.getByRole("button", { name: "Create account" }).click();
  await page.getByRole("navigation", { name: "Rooms" }).getByRole("link", { name: "Browse rooms" }).click();
  await page.getByRole("searchbox", { name: "Search rooms" }).fill("tech");
  await expect.poll(() => page.locator(".directory-item").count()).toBe(1);
  await page.getByRole("button", { name: "Join: Technology" }).click();
  await page.getByRole("heading", { name: "Technology", level: 1 }).waitFor();
  await say(page, "Hello everybody!");
  await bubble(page, "Hello everybody!").waitFor();
  await composer(page).evaluate((it, bytes) => {
    const clipboardData = new DataTransfer();
    clipboardData.items.add(new File([Uint8Array.from(bytes)], "dusk.png", { type: "image/png" }));
    it.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
  }, [...png(300, 200, [150, 90, 120])]);
  await page.locator(".pending-attachments img").waitFor();
  await say(page, "my view");
  await bubble(page, "my view").getByRole("button", { name: "Open image: dusk.png" }).waitFor();
  await page.locator(".account-button").click();
  await page.getByRole("menuitem", { name: "Settings" }).click();
  await page.getByRole("link", { name: "Appearance" }).click();
  await page.getByLabel("Dark").check();
  expect(await page.evaluate(() => document.documentElement.dataset["theme"])).toBe("dark");
});

test("what one writes the other sees, with who types and who is there", async () => {
  const [ada, bob] = [await w.person("Ada"), await w.person("Bob")];
  const room = await ada.room("Talk");
  await bob.rooms.joinRoom({ roomId: room });
  const [adas, bobs] = [await w.window(ada), await w.window(bob)];
  await openRoom(adas, "Talk");
  await openRoom(bobs, "Talk");
  const bobThere = adas.locator(".member", { hasText: "Bob" }).getByRole("img");
  await expect.poll(() => bobThere.getAttribute("aria-label")).toBe("Online");
  await composer(adas).pressSequentially("Hi B");
  await bobs.getByText("Ada is typing…").waitFor();
  await composer(adas).fill("Hi Bob!");
  await composer(adas).press("Enter");
  await bubble(bobs, "Hi Bob!").waitFor();
  await bobs.getByText("Ada is typing…").waitFor({ state: "detached" });
  await say(bobs, "Hi Ada!");
  await bubble(adas, "Hi Ada!").waitFor();
  await bobs.context().close();
  await expect.poll(() => bobThere.getAttribute("aria-label")).toBe("Offline");
});

test("how one wants to be seen holds on all devices, and for the others", async () => {
  const [ada, bob] = [await w.person("Ada"), await w.person("Bob")];
  const room = await ada.room("Seen");
  await bob.rooms.joinRoom({ roomId: room });
  const [desk, phone, bobs] = [await w.window(ada), await w.window(ada), await w.window(bob)];
  for (const page of [desk, phone, bobs]) await openRoom(page, "Seen");
  const seen = (page: Page) => page.locator(".member", { hasText: "Ada" }).getByRole("img").getAttribute("aria-label");
  const chosen = (page: Page, how: string) => page.locator(".account-bar").getByRole("img", { name: how }).waitFor();
  await chosen(phone, "Online");
  // One's own list shows how the others see one.
  for (const page of [desk, bobs]) await expect.poll(() => seen(page)).toBe("Online");
  const choose = async (page: Page, how: string) => {
    await page.locator(".account-button").click();
    await page.getByRole("menuitemradio", { name: how }).click();
  };
  await choose(desk, "Invisible");
  await chosen(phone, "Invisible");
  for (const page of [desk, phone, bobs]) await expect.poll(() => seen(page)).toBe("Offline");
  await phone.reload();
  await chosen(phone, "Invisible");
  await choose(phone, "Do not disturb");
  await chosen(desk, "Do not disturb");
  await expect.poll(() => seen(bobs)).toBe("Do not disturb");
});

test("unread messages are counted in the sidebar and the title, and marked where they begin", async () => {
  const [ada, bob] = [await w.person("Ada"), await w.person("Bob")];
  const room = await ada.room("Unread");
  const other = await ada.room("Elsewhere");
  for (const id of [room, other]) await bob.rooms.joinRoom({ roomId: id });
  const page = await w.window(bob);
  await openRoom(page, "Elsewhere");
  for (const text of ["one", "two", "three"]) await ada.say(room, text);
  const link = page.getByRole("navigation", { name: "Rooms" }).getByRole("link", { name: /Unread/ });
  await link.getByLabel("3 unread messages").waitFor();
  await expect.poll(() => page.title()).toMatch(/^\(3\)/);
  await openRoom(page, "Unread");
  await page.getByRole("log").getByText("New messages").waitFor();
  await link.getByLabel("3 unread messages").waitFor({ state: "detached" });
  await expect.poll(() => page.title()).not.toMatch(/^\(/);
});

test("of two who type both are named", async () => {
  const [ada, bob, eve] = [await w.person("Ada", "Ada Types"), await w.person("Bob"), await w.person("Eve", "Eve Types")];
  const room = await ada.room("Typists");
  for (const it of [bob, eve]) await it.rooms.joinRoom({ roomId: room });
  const bobs = await w.window(bob);
  await openRoom(bobs, "Typists");
  for (const [who, seen] of [[ada, /^Ada Types is typing…$/], [eve, /^(Ada Types and Eve Types|Eve Types and Ada Types) are typing…$/]] as const) {
    await who.chat.setTyping({ roomId: room, typing: true });
    await bobs.locator(".typing").getByText(seen).waitFor();
  }
});

test("who is idle is away, and who was there and is gone was last seen; both say so to whom they write", async () => {
  const [ada, bob] = [await w.person("Ada", "Ada Idles"), await w.person("Bob")];
  const { room } = await bob.rooms.openDirectRoom({ userId: ada.id });
  const [adas, bobs] = [await w.window(undefined), await w.window(bob)];
  await adas.clock.install();
  await signIn(adas, w.pages.url, ada.username);
  await bobs.goto(`${w.pages.url}/rooms/${room?.id}`);
  const head = bobs.locator(".room-head-note");
  await head.getByText("Online").waitFor();
  // It is the page that knows of its user's absence.
  await expect.poll(() => adas.title()).toBe("Causerie");
  await adas.clock.fastForward("06:00");
  await head.getByText("Away").waitFor();
  await adas.mouse.move(300, 300);
  await adas.mouse.move(320, 320);
  await head.getByText("Online").waitFor();
  await adas.context().close();
  await head.getByText(/^Last seen /).waitFor();
});

test("a status is set from the account menu, seen by others, and cleared there", async () => {
  const [ada, bob] = [await w.person("Ada", "Ada Status"), await w.person("Bob")];
  const page = await w.window(ada);
  const set = async () => {
    await page.locator(".account-button").click();
    await page.getByRole("menuitem", { name: "Set a status" }).click();
  };
  await set();
  await page.getByLabel("Set a status").fill("out for lunch");
  await page.keyboard.press("Enter");
  await page.locator(".account-status", { hasText: "out for lunch" }).waitFor();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  expect((await bob.users.getUser({ userId: ada.id })).user?.statusText).toBe("out for lunch");
  await set();
  await page.getByRole("button", { name: "Clear status" }).click();
  await page.locator(".account-status", { hasText: "Online" }).waitFor();
  expect((await bob.users.getUser({ userId: ada.id })).user?.statusText).toBe("");
});
