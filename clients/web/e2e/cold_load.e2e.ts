// A first visit, with nothing in the browser's cache: what comes late moves
// nothing that is there, and what never comes takes nothing away.

import { readdirSync } from "node:fs";
import { join } from "node:path";

import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";

import { png } from "./support/images";
import { measureLayoutShift, layoutShift } from "./support/layout-shift";
import type { Person } from "./support/people";
import { ARABIC, bubble, composer, say, world } from "./support/world";

const w = world({ link: true });

/** The sum of all shifts of a page; browsers call 0.1 good. */
const MAX_LAYOUT_SHIFT = 0.05;
const WIDTHS = [1440, 1024] as const;
const LOCALES = ["en-GB", "ar-EG"] as const;

/** Chunks that a room needs before it shows; all others are late. */
const EARLY_CHUNKS = /\/assets\/(index|room)-/;
const chunkName = (file: string) => file.replace(/-[\w-]{8}\.js$/, "");
const LANGUAGES = ["ar", "de", "es", "fr", "zh"];
const LATE_CHUNKS = readdirSync(join(import.meta.dirname, "../dist/assets"))
  .filter((file) => file.endsWith(".js") && !EARLY_CHUNKS.test(`/assets/${file}`))
  .map(chunkName)
  .filter((name) => !LANGUAGES.includes(name));

let count = 0;

/** A room with all that messages can have, and a sidebar with rooms of each kind. */
async function lively(): Promise<{ ada: Person; room: string; path: string }> {
  const [ada, bob] = [await w.person("Ada", "Ada Lovelace"), await w.person("Bob", "Bob Stone")];
  for (let i = 1; i <= 6; i++) await ada.say(await ada.room(`Other room ${i} of ${count}`), "Hello there");
  const { room: direct } = await bob.rooms.openDirectRoom({ userId: ada.id });
  await bob.say(direct!.id, "Hello Ada");
  const room = await ada.room(`Lively ${++count}`);
  await ada.rooms.updateRoom({ roomId: room, topic: "All that a message can have" });
  await bob.rooms.joinRoom({ roomId: room });
  const first = BigInt(await bob.say(room, "The first"));
  await ada.chat.pinMessage({ roomId: room, seq: first });
  for (let i = 1; i <= 8; i++) {
    const seq = BigInt(await (i % 2 ? ada : bob).say(room, `Message ${i} with **bold** words`));
    for (const who of [ada, bob]) await who.chat.addReaction({ roomId: room, seq, emoji: "👍" });
  }
  await bob.chat.sendMessage({ roomId: room, text: "A quote", clientMessageId: "quote", replyToSeq: first });
  await bob.chat.sendMessage({ roomId: room, text: "In a thread", clientMessageId: "thread", threadSeq: first });
  const attachmentIds = [await bob.upload("wide.png", png(600, 400, [200, 80, 80])), await bob.upload("notes.txt", Buffer.from("notes"))];
  await bob.chat.sendMessage({ roomId: room, text: "Two files", clientMessageId: "files", attachmentIds });
  await ada.say(room, "```js\nlet x = 1;\n```");
  await ada.say(room, "The last word");
  await bob.chat.markRead({ roomId: room, seq: BigInt(await bob.say(room, "Good night")) });
  return { ada, room, path: `/rooms/${room}` };
}

async function withoutCache(page: Page): Promise<void> {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("Network.setCacheDisabled", { cacheDisabled: true });
}

/** Waits until nothing more is on its way but the stream. */
async function allHasCome(page: Page): Promise<void> {
  // The last that the page asks for while it is idle, when all else is there.
  await expect
    .poll(() => page.evaluate(() => performance.getEntriesByType("resource").some(({ name }) => /\/assets\/ImageViewer-/.test(name))))
    .toBe(true);
  await page.waitForFunction(() => [...document.images].every((it) => it.complete));
}

describe.each(WIDTHS)("at %i px", (width) => {
  const viewport = { width, height: 900 };

  test.each(LOCALES)("a room that loads moves no more than one does not notice, however late the late code comes (%s)", async (locale) => {
    const { ada, path } = await lively();
    const page = await w.window(ada, { viewport, locale }, locale === "ar-EG" ? ARABIC : {});
    await withoutCache(page);
    await measureLayoutShift(page);
    let release = () => {};
    const shown = new Promise<void>((done) => (release = done));
    await page.route("**/assets/*.js", async (route) => {
      if (!EARLY_CHUNKS.test(route.request().url())) await shown;
      await route.continue();
    });
    await page.goto(w.pages.url + path);
    await bubble(page, "Good night").waitFor();
    await composer(page).waitFor();
    release();
    // Wide enough for the members beside the room.
    if (width >= 1100) await page.locator(".member").nth(1).waitFor();
    await allHasCome(page);
    const { total, shifts } = await layoutShift(page);
    console.log(`layout shift ${total.toFixed(3)} at ${width} px in ${locale}`);
    expect(await page.evaluate(() => document.documentElement.dir)).toBe(locale === "ar-EG" ? "rtl" : "ltr");
    expect(total, shifts.join("\n")).toBeLessThanOrEqual(MAX_LAYOUT_SHIFT);
  });
});

/** As many tests share the chunks, so that none takes long. */
const PARTS = 4;

test.for(Array.from({ length: PARTS }, (_, part) => part))("whatever late code never comes, the room is read, written in and left (part %i)", async (part) => {
  const { ada, path } = await lively();
  const page = await w.window(ada, { viewport: { width: WIDTHS[0], height: 900 } });
  await withoutCache(page);
  await measureLayoutShift(page);
  // What is fetched when the browser is idle is fetched at once.
  await page.addInitScript(() => (window.requestIdleCallback = (work) => setTimeout(work, 0, { didTimeout: false, timeRemaining: () => 50 }) as unknown as number));
  let missing = "";
  let refused = 0;
  // Also where it is asked for again, by another address.
  await page.route(/\/assets\/.*\.js/, (route) => {
    if (chunkName(new URL(route.request().url()).pathname.replace("/assets/", "")) !== missing) return route.continue();
    refused += 1;
    return route.abort();
  });
  expect(LATE_CHUNKS.length).toBeGreaterThan(50);
  let last = "Good night";
  for (missing of LATE_CHUNKS.filter((_, i) => i % PARTS === part)) {
    refused = 0;
    await page.goto(w.pages.url + path);
    await bubble(page, last).waitFor();
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 900 });
      const { sidebar, main } = await parts(page);
      const where = `without ${missing} at ${width} px`;
      expect([sidebar.x, sidebar.y, main.y], where).toEqual([0, 0, 0]);
      expect([main.x, main.x + main.width], where).toEqual([sidebar.width, width]);
      expect(sidebar.width, where).toBeLessThan(width / 3);
      expect([sidebar.height, main.height], where).toEqual([900, 900]);
    }
    await say(page, (last = `Without ${missing}.`));
    await bubble(page, last).waitFor();
    // All others are asked for without being wanted.
    if (missing === "copy-code") await page.getByRole("button", { name: "Copy code" }).last().click();
    await expect.poll(() => refused, { message: missing }).toBeGreaterThan(0);
    const { total, shifts } = await layoutShift(page);
    expect(total, [missing, ...shifts].join("\n")).toBeLessThanOrEqual(MAX_LAYOUT_SHIFT);
    await page.getByRole("navigation", { name: "Rooms" }).getByRole("link", { name: /Other room 1/ }).first().click();
    await bubble(page, "Hello there").waitFor();
  }
});

test.each(LANGUAGES)("where the texts of %s never come, the page is English, whole, and read from left to right", async (language) => {
  const { ada, path } = await lively();
  const page = await w.window(ada, { viewport: { width: WIDTHS[0], height: 900 } });
  await page.evaluate((language) => localStorage.setItem("causerie.prefs", JSON.stringify({ language })), language);
  await withoutCache(page);
  await page.route(new RegExp(`/assets/${language}-`), (route) => route.abort());
  await page.goto(w.pages.url + path);
  await bubble(page, "Good night").waitFor();
  await page.locator(".member").nth(1).waitFor();
  await page.getByRole("button", { name: "Room menu" }).click();
  await page.getByRole("menuitem", { name: "Edit room" }).waitFor();
  await page.keyboard.press("Escape");
  expect(await page.evaluate(() => [document.documentElement.lang, document.documentElement.dir])).toEqual(["en-GB", "ltr"]);
  const { sidebar, main } = await parts(page);
  expect([sidebar.x, main.x]).toEqual([0, sidebar.width]);
  expect(await page.getByRole("alert").count()).toBe(0);
  // Once they can be had they are.
  await page.unrouteAll();
  await expect.poll(() => page.evaluate(() => document.documentElement.lang)).toBe(language);
});

async function parts(page: Page) {
  const box = async (what: string) => (await page.locator(what).boundingBox())!;
  return { sidebar: await box(".shell > .sidebar"), main: await box(".shell > .main") };
}
