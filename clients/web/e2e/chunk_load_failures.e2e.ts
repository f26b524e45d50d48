// Code that comes later may not come: no link, one request that fails, or a
// newer version on the server. What is on the page stays.

import type { Page } from "playwright-core";
import { expect, test } from "vitest";

import { composer, openRoom, waitForChunks, signIn, world } from "./support/world";

const w = world({ link: true });

/** A browser that fetches nothing before it is wanted. */
async function thrifty(): Promise<Page> {
  const page = await w.window(undefined);
  await page.addInitScript(() => Object.defineProperty(navigator, "connection", { value: { saveData: true } }));
  return page;
}

async function inRoom(page: Page, name: string): Promise<void> {
  const ada = await w.person("Ada");
  await ada.say(await ada.room(name), "here");
  await signIn(page, w.pages.url, ada.username);
  await openRoom(page, name);
}

const palette = (page: Page) => page.getByRole("dialog", { name: "Command palette" });
const notice = (page: Page) => page.getByRole("alert").filter({ hasText: "Can’t reach the server" });

test("without a link what was never opened is missed, and nothing else; with the link it comes", async () => {
  const page = await thrifty();
  await inRoom(page, "Cold cache");
  await composer(page).fill("half a sentence");
  w.link.cut();
  await page.getByRole("button", { name: "Emoji", exact: true }).click();
  await notice(page).waitFor();
  await page.keyboard.press("Control+k");
  await page.getByRole("link", { name: "Settings", exact: true }).click();
  await notice(page).filter({ visible: true }).first().waitFor();
  await page.goBack();
  expect(await composer(page).inputValue()).toBe("half a sentence");
  await page.getByText("here", { exact: true }).first().waitFor();
  w.link.mend();
  await palette(page).waitFor();
  await page.keyboard.press("Escape");
  await notice(page).waitFor({ state: "detached" });
  await page.getByRole("link", { name: "Settings", exact: true }).click();
  await page.getByRole("heading", { name: "Settings" }).waitFor();
});

test("what was never opened works without a link once the browser has had the time to fetch it", async () => {
  const page = await w.window(undefined);
  await inRoom(page, "Warm cache");
  await waitForChunks(page, "CommandPalette", "SettingsPage", "EmojiPicker", "EditRoom", "ThreadPanel", "manage", "files");
  w.link.cut();
  await page.getByRole("button", { name: "Try now" }).waitFor();
  await page.getByRole("button", { name: "Room menu" }).click();
  await page.getByRole("menuitem", { name: "Edit room" }).click();
  await page.getByRole("dialog", { name: "Edit room" }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Emoji", exact: true }).click();
  await page.getByRole("searchbox", { name: "Search emoji" }).waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+k");
  await palette(page).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("link", { name: "Settings", exact: true }).click();
  await page.getByRole("heading", { name: "Settings" }).waitFor();
});

test("keys work from the first moment, whatever has not come yet", async () => {
  const page = await thrifty();
  await page.route("**/assets/DeferredEffects-*.js", (route) => route.abort());
  await inRoom(page, "Early keys");
  await page.keyboard.press("Control+k");
  await palette(page).waitFor();
});

test("one request that fails is made again, and nobody hears of it", async () => {
  const page = await thrifty();
  let asked = 0;
  await page.route(/\/assets\/CommandPalette-/, (route) => (asked++ ? route.continue() : route.abort()));
  await inRoom(page, "Hiccup");
  await page.keyboard.press("Control+k");
  await palette(page).waitFor();
  expect(asked).toBe(2);
});

test("what does not come by being asked for again comes with a reload", async () => {
  const page = await thrifty();
  await inRoom(page, "In pieces");
  await composer(page).fill("not to be lost either");
  await page.route(/\/assets\/Emoji(Popover|Picker)-/, (route) => route.abort());
  const button = page.getByRole("button", { name: "Emoji", exact: true });
  await button.click();
  await notice(page).getByRole("button", { name: "Reload" }).waitFor();
  await page.unrouteAll();
  await notice(page).getByRole("button", { name: "Reload" }).click();
  await notice(page).waitFor({ state: "detached" });
  expect(await composer(page).inputValue()).toBe("not to be lost either");
  await button.click();
  await page.getByRole("searchbox", { name: "Search emoji" }).waitFor();
});

test("where the server has a newer version the page says so, and keeps what is written", async () => {
  const page = await thrifty();
  await inRoom(page, "Upgraded");
  await composer(page).fill("not to be lost");
  await page.route(/\/assets\/CommandPalette-/, (route) => route.fulfill({ status: 404, body: "There is no such file." }));
  const newer = '<!doctype html><script type="module" src="/assets/index-newer.js"></script><div id="root"></div>';
  await page.route(`${w.pages.url}/`, (route) => route.fulfill({ contentType: "text/html", body: newer }));
  await page.keyboard.press("Control+k");
  await page.getByText("A new version of Causerie is available.").waitFor();
  expect(await composer(page).inputValue()).toBe("not to be lost");
  await page.unrouteAll();
  await page.getByRole("button", { name: "Reload" }).click();
  await page.getByText("A new version of Causerie is available.").waitFor({ state: "detached" });
  expect(await composer(page).inputValue()).toBe("not to be lost");
});

test("what fails by itself fails alone: the rest of the page goes on", async () => {
  const page = await thrifty();
  const broken = { contentType: "text/javascript", body: 'export default () => { throw new Error("broken on purpose"); };' };
  await page.route(/\/assets\/(CommandPalette|SettingsPage|MembersPanel)-/, (route) => route.fulfill(broken));
  await inRoom(page, "Sturdy");
  await page.getByText("Something went wrong").waitFor();
  await page.keyboard.press("Control+k");
  await page.locator(".toast", { hasText: "Something went wrong" }).waitFor();
  await composer(page).fill("still here");
  await page.getByRole("link", { name: "Settings", exact: true }).click();
  await page.getByRole("main").getByRole("button", { name: "Try again" }).waitFor();
  await page.getByRole("navigation", { name: "Rooms" }).getByRole("link", { name: "Sturdy" }).click();
  expect(await composer(page).inputValue()).toBe("still here");
  w.clearComplaints();
});
