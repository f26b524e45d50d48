// The server's admins: who they are, and what they do with accounts.

import type { Page } from "playwright-core";
import { expect, test } from "vitest";

import { AXE, check } from "./support/axe";
import type { Person } from "./support/people";
import { openRoom, world } from "./support/world";

const w = world();

/** The first account of the server is its admin; all tests here share it. */
let first: Promise<Person> | undefined;
const admin = () => (first ??= w.person("Ada", "Ada Admin"));

const administration = (page: Page) => page.getByRole("heading", { name: "Administration", level: 1 });
const roleOf = (page: Page, who: Person) => page.getByRole("combobox", { name: `Role of ${who.displayName}` });

/** By the menu under one's own name. */
async function openPage(page: Page): Promise<void> {
  await page.getByRole("button", { name: /Ada|Bob/ }).last().click();
  await page.getByRole("menuitem", { name: "Administration" }).click();
  await administration(page).waitFor();
}

test("an admin makes another one, who then has the page too, and can take the role away", async () => {
  const ada = await admin();
  const bob = await w.person("Bob", "Bob Second");
  const [adas, bobs] = [await w.window(ada), await w.window(bob)];

  // Bob has no such page yet.
  await bobs.getByRole("button", { name: /Bob Second/ }).click();
  await bobs.getByRole("menuitem", { name: "Sign out" }).waitFor();
  await bobs.keyboard.press("Escape");
  await bobs.goto(`${w.pages.url}/admin`);
  await bobs.getByText("Only server admins can do that.").waitFor();
  expect(await bobs.getByRole("combobox").count()).toBe(0);
  expect(await bobs.getByText("Ada Admin").count()).toBe(0);

  await openPage(adas);
  await adas.getByRole("listitem").filter({ hasText: "Ada Admin" }).getByText("you", { exact: true }).waitFor();
  // The only admin cannot step down.
  await roleOf(adas, ada).selectOption("User");
  const dialog = adas.getByRole("dialog");
  await dialog.getByText("You’ll no longer be a server admin").waitFor();
  await dialog.getByRole("button", { name: "Remove admin role" }).click();
  await dialog.getByRole("alert").getByText("You’re the only admin of this server.").waitFor();
  await dialog.getByRole("button", { name: "Cancel" }).click();
  expect(await roleOf(adas, ada).inputValue()).toBe("admin");

  // Moderator is given without a question, admin after one.
  await adas.getByRole("searchbox", { name: "Search people" }).fill("Second");
  await roleOf(adas, ada).waitFor({ state: "detached" });
  await roleOf(adas, bob).selectOption("Moderator");
  await expect.poll(() => roleOf(adas, bob).inputValue()).toBe("moderator");
  await roleOf(adas, bob).selectOption("Server admin");
  await dialog.getByText("Make Bob Second a server admin?").waitFor();
  await dialog.getByRole("button", { name: "Cancel" }).click();
  expect(await roleOf(adas, bob).inputValue()).toBe("moderator");
  await roleOf(adas, bob).selectOption("Server admin");
  await dialog.getByRole("button", { name: "Make admin" }).click();
  await dialog.waitFor({ state: "detached" });
  expect(await roleOf(adas, bob).inputValue()).toBe("admin");

  // Bob's menu has the page without a reload, and with it he takes her role away.
  await openPage(bobs);
  await roleOf(bobs, ada).selectOption("User");
  await bobs.getByRole("dialog").getByRole("button", { name: "Remove admin role" }).click();
  await bobs.getByRole("dialog").waitFor({ state: "detached" });
  expect(await roleOf(bobs, ada).inputValue()).toBe("user");

  // It works no more for her, and the page that she still has tells so.
  await roleOf(adas, bob).selectOption("User");
  await dialog.getByRole("button", { name: "Remove admin role" }).click();
  await dialog.getByRole("alert").getByText("Only server admins can do that.").waitFor();
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await adas.getByRole("combobox", { name: "Role", exact: true }).selectOption("Server admin");
  await adas.getByText("Only server admins can do that.").waitFor();
  await expect.poll(() => adas.getByRole("combobox").count()).toBe(0);

  // He gives it back and steps down himself.
  await roleOf(bobs, ada).selectOption("Server admin");
  await bobs.getByRole("dialog").getByRole("button", { name: "Make admin" }).click();
  await bobs.getByRole("dialog").waitFor({ state: "detached" });
  await roleOf(bobs, bob).selectOption("User");
  await bobs.getByRole("dialog").getByRole("button", { name: "Remove admin role" }).click();
  await bobs.getByText("Only server admins can do that.").waitFor();
  await expect.poll(() => bobs.getByRole("combobox").count()).toBe(0);
});

test("accounts are found by name and by role, more than a page of them", async () => {
  const ada = await admin();
  const many = 21;
  // One after the other: passwords are dear to the server.
  for (let i = 0; i < many; i++) await w.person("Crowd", `Crowd Member ${i}`);
  const page = await w.window(ada);
  await openPage(page);
  const rows = page.locator(".account");
  await page.getByRole("searchbox", { name: "Search people" }).fill("crowd");
  const found = () => rows.allInnerTexts().then((all) => [all.length, all.every((it) => it.includes("Crowd"))]);
  await expect.poll(found).toEqual([20, true]);
  await page.getByRole("button", { name: "Show more" }).click();
  await expect.poll(found).toEqual([many, true]);
  await page.getByRole("combobox", { name: "Role", exact: true }).selectOption("Moderator");
  await page.getByText("No people found.").waitFor();
  await page.getByRole("searchbox", { name: "Search people" }).fill("");
  await page.getByRole("combobox", { name: "Role", exact: true }).selectOption("Server admin");
  await expect.poll(() => rows.allInnerTexts().then((texts) => texts.map((text) => text.split("\n")[0]))).toEqual(["Ada Admin"]);
});

test("the page is reached and used with the keyboard alone", async () => {
  const ada = await admin();
  const eve = await w.person("Eve", "Eve Keyboard");
  const page = await w.window(ada);
  await page.getByRole("button", { name: "Command palette" }).press("Enter");
  await page.getByRole("option", { name: "Administration" }).waitFor();
  await page.keyboard.type("administration");
  await page.keyboard.press("Enter");
  await administration(page).waitFor();
  await expect.poll(() => page.title()).toContain("Administration");
  await page.getByRole("searchbox", { name: "Search people" }).focus();
  // At once: letters that come slowly are searched for twice.
  await page.keyboard.insertText("Eve Key");
  await expect.poll(() => page.locator(".account").count()).toBe(1);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute("aria-label"))).toBe("Role of Eve Keyboard");
  await page.keyboard.type("Ser");
  await page.getByRole("dialog", { name: "Make admin" }).waitFor();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  expect(await roleOf(page, eve).inputValue()).toBe("admin");
  await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute("aria-label"))).toBe("Role of Eve Keyboard");
  // As it was, for the tests that follow.
  await page.keyboard.type("Us");
  await page.getByRole("dialog", { name: "Remove admin role" }).waitFor();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await expect.poll(() => roleOf(page, eve).inputValue()).toBe("user");
});

for (const scheme of ["light", "dark"] as const) {
  test(`axe finds nothing on it, and it fits a narrow screen in both directions, ${scheme}`, async () => {
    const ada = await admin();
    await w.person("Long", `Wolfeschlegelsteinhausenbergerdorff ${"x".repeat(28)}`);
    const page = await w.window(undefined, { colorScheme: scheme, viewport: { width: 320, height: 700 } });
    await page.context().addInitScript(AXE);
    await page.goto(`${w.pages.url}/login`);
    await page.getByLabel("Username").fill(ada.username);
    await page.getByLabel("Password", { exact: true }).fill("quiet-otter-plays-42");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("navigation", { name: "Rooms" }).waitFor();
    await page.goto(`${w.pages.url}/admin`);
    await roleOf(page, ada).waitFor();
    const fits = () => page.evaluate(() => document.querySelector(".page")!.scrollWidth <= innerWidth && document.documentElement.scrollWidth <= innerWidth);
    expect(await fits()).toBe(true);
    await check(page, "administration");
    await roleOf(page, ada).selectOption("User");
    await page.getByRole("dialog").waitFor();
    await check(page, "stepping down");
    await page.keyboard.press("Escape");
    await page.goto(`${w.pages.url}/settings/language`);
    await page.getByLabel("العربية").check();
    await page.goto(`${w.pages.url}/admin`);
    await page.getByRole("heading", { name: "إدارة الخادم", level: 1 }).waitFor();
    await page.getByRole("combobox", { name: /^دور .*Ada Admin/ }).waitFor();
    expect(await fits()).toBe(true);
    await check(page, "administration in Arabic");
  });
}

test("what an admin does in somebody else's public room is told in it as such", async () => {
  const ada = await admin();
  const bob = await w.person("Bob", "Bob Owner");
  const room = await bob.room("Of Bob");
  const seq = await bob.say(room, "rubbish");
  const page = await w.window(bob);
  await openRoom(page, "Of Bob");
  await ada.chat.deleteMessage({ roomId: room, seq: BigInt(seq) });
  await page.getByText("Ada Admin deleted a message from Bob Owner (server admin)").waitFor();
  // And by its menu in a room of somebody else.
  await ada.rooms.joinRoom({ roomId: room });
  const adas = await w.window(ada);
  await openRoom(adas, "Of Bob");
  await adas.getByRole("button", { name: "Room menu" }).click();
  await adas.getByRole("menuitem", { name: "Edit room" }).click();
  await adas.getByLabel("New accounts join this room").check();
  await adas.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  await page.getByText("Ada Admin changed the room settings (server admin)").waitFor();
  await w.person("Newcomer", "New Comer");
  await page.getByText("New Comer joined").waitFor();
});
