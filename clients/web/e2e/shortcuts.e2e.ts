// The keys that work everywhere, and what they leave alone.

import type { Page } from "playwright-core";
import { expect, test } from "vitest";

import { bubble, composer, openRoom, world } from "./support/world";

const w = world();

const heading = (page: Page, name: string) => page.getByRole("heading", { name, level: 1 });
const members = (page: Page) => page.getByRole("complementary", { name: "Members" });
/** A key of a keyboard with letters of another script. */
const foreign = (page: Page, key: string, code: string, more: { altKey?: boolean; ctrlKey?: boolean } = {}) =>
  page.evaluate(
    (init) => void (document.activeElement ?? document.body).dispatchEvent(new KeyboardEvent("keydown", init)),
    { key, code, bubbles: true, cancelable: true, ...more },
  );

test("keys lead up and down the rooms, to the next one with something unread, and to the message field", async () => {
  const [ada, bob] = [await w.person("Ada"), await w.person("Bob")];
  const rooms: string[] = [];
  for (const name of ["Third", "Second", "First"]) rooms.push(await ada.room(name));
  const page = await w.window(ada);
  await openRoom(page, "Second");
  await page.keyboard.press("Alt+ArrowUp");
  await heading(page, "First").waitFor();
  await page.keyboard.press("Alt+ArrowDown");
  await heading(page, "Second").waitFor();
  await openRoom(page, "First");
  await bob.rooms.joinRoom({ roomId: rooms[0]! });
  await bob.say(rooms[0]!, "news");
  await page.getByRole("link", { name: /Third/ }).getByLabel("1 unread message").waitFor();
  await openRoom(page, "Second");
  await page.keyboard.press("Alt+Shift+ArrowDown");
  await heading(page, "Third").waitFor();
  await page.getByRole("log").focus();
  await page.keyboard.press("c");
  await expect.poll(() => composer(page).evaluate((it) => it === document.activeElement)).toBe(true);
  expect(await composer(page).inputValue()).toBe("");
  // In a menu it is a letter like any other.
  await page.getByRole("button", { name: "Room menu" }).click();
  await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toBe("Pinned messages");
  await page.keyboard.press("c");
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Pinned messages");
});

test("Alt+M shows and hides the members, whatever is beside the log and however wide it is", async () => {
  const ada = await w.person("Ada");
  await ada.room("Aside");
  const page = await w.window(ada);
  await openRoom(page, "Aside");
  await members(page).waitFor();
  await page.keyboard.press("Alt+m");
  await members(page).waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Room menu" }).click();
  await page.getByRole("menuitem", { name: "Pinned messages" }).click();
  await page.getByRole("complementary", { name: "Pinned messages" }).waitFor();
  await page.keyboard.press("Alt+m");
  await members(page).waitFor();
  await page.setViewportSize({ width: 900, height: 800 });
  await members(page).waitFor({ state: "detached" });
  await page.keyboard.press("Alt+m");
  await members(page).waitFor();
  await page.keyboard.press("Alt+m");
  await members(page).waitFor({ state: "detached" });
});

test("keys work where the keyboard has other letters, and a list of choices keeps its arrows", async () => {
  const ada = await w.person("Ada");
  await ada.room("Letters");
  await ada.room("Words");
  const page = await w.window(ada);
  await openRoom(page, "Letters");
  await page.getByRole("log").focus();
  await foreign(page, "с", "KeyC");
  await expect.poll(() => composer(page).evaluate((it) => it === document.activeElement)).toBe(true);
  await foreign(page, "ن", "KeyK", { ctrlKey: true });
  await page.getByRole("combobox", { name: "Search rooms and actions" }).waitFor();
  await page.keyboard.press("Escape");
  // Any page may have such a list; this one has none of its own.
  await page.evaluate(() => {
    const select = document.createElement("select");
    document.querySelector("main")?.append(select);
    select.focus();
  });
  await foreign(page, "ArrowDown", "ArrowDown", { altKey: true });
  expect(await heading(page, "Letters").count()).toBe(1);
  expect(await page.evaluate(() => document.activeElement?.tagName)).toBe("SELECT");
});

test("the palette keeps the order of the rooms while messages come, and leads to the mentions", async () => {
  const [ada, bob] = [await w.person("Ada"), await w.person("Bob")];
  const last = await ada.room("Order last");
  await ada.room("Order middle");
  await ada.room("Order top");
  await bob.rooms.joinRoom({ roomId: last });
  const page = await w.window(ada);
  await openRoom(page, "Order top");
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox").fill("order");
  const names = () => page.getByRole("option").allInnerTexts();
  const order = ["Order top", "Order middle", "Order last", "Search messages for “order”"];
  await expect.poll(names).toEqual(order);
  await bob.say(last, "now it is the newest");
  // Behind the palette it has moved.
  await expect.poll(() => page.locator(".room-link").first().innerText()).toContain("Order last");
  expect(await names()).toEqual(order);
  await page.getByRole("combobox").fill("mentions");
  await page.keyboard.press("Enter");
  await heading(page, "Mentions").waitFor();
});

test("whoever comes back from a found message is where they were among all that was found", async () => {
  const ada = await w.person("Ada");
  const room = await ada.room("Haystack");
  for (let i = 0; i < 40; i++) await ada.say(room, `needle number ${i}`);
  await expect.poll(async () => (await ada.chat.searchMessages({ roomId: room, query: "needle", pageSize: 100 })).messages.length).toBeGreaterThan(39);
  const page = await w.window(ada);
  await page.getByRole("link", { name: "Search messages" }).click();
  await page.getByRole("searchbox", { name: "Search messages" }).fill("needle");
  await page.keyboard.press("Enter");
  const rows = page.locator(".directory > li");
  const more = page.getByRole("button", { name: "Show more" });
  await rows.first().waitFor();
  await more.click();
  const old = rows.filter({ hasText: "needle number 5" });
  await old.scrollIntoViewIfNeeded();
  const top = await page.locator(".page").evaluate((it) => it.scrollTop);
  expect(top).toBeGreaterThan(500);
  await old.getByRole("link").first().click();
  await bubble(page, "needle number 5").first().waitFor();
  await page.goBack();
  await old.waitFor();
  await expect.poll(() => page.locator(".page").evaluate((it) => it.scrollTop)).toBe(top);
  // Another search begins at its beginning.
  await page.getByRole("searchbox", { name: "Search messages" }).fill("number 39");
  await page.keyboard.press("Enter");
  await expect.poll(() => rows.count()).toBe(1);
});
