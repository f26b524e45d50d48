// What a visit needs of the network. How long it takes on a slow one is printed,
// and measured by `make bench`: a limit in time would fail with the machine.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import type { Page } from "playwright-core";
import { expect, test } from "vitest";

import { recordPaintOf, emulateFast3G, paintTime } from "./support/paint_time";
import { bubble, openRoom, waitForChunks, world } from "./support/world";

const w = world();
const DIST = join(import.meta.dirname, "../dist");
/** index.html, and the newest page of messages with what surrounds it. */
const MOST_BYTES = 40_000;

test("a second visit loads no script or style again, and asks for messages at once", async () => {
  const ada = await w.person("Ada");
  const room = await ada.room("Speed");
  for (let i = 1; i <= 60; i++) await ada.say(room, `Message ${i}`);
  const page = await w.window(ada);
  await openRoom(page, "Speed");
  await bubble(page, "Message 60").waitFor();
  // All that comes later, to the ends of the lists it is fetched by.
  await waitForChunks(page, "DeferredEffects", "MembersPanel", "RoomMenu", "ComposerExtras", "TimelineOverlay", "EmojiPicker", "BansDialog", "ImageViewer");
  await page.goto(`${w.pages.url}/rooms/${room}`);
  await bubble(page, "Message 60").waitFor();

  const cdp = await page.context().newCDPSession(page);
  await cdp.send("Network.enable");
  let bytes = 0;
  cdp.on("Network.dataReceived", ({ encodedDataLength }) => (bytes += encodedDataLength));
  await recordPaintOf(page, "Message 60");
  await page.goto(`${w.pages.url}/rooms/${room}`);
  const seenAt = await paintTime(page);
  const asked = await page.evaluate(() =>
    performance.getEntriesByType("resource").map((it) => {
      const { name, startTime, responseEnd, transferSize } = it as PerformanceResourceTiming;
      return { path: new URL(name).pathname, startTime, responseEnd, transferSize };
    }),
  );
  const assets = asked.filter(({ path }) => path.startsWith("/assets/"));
  expect(assets.length).toBeGreaterThan(1);
  expect(assets.filter(({ transferSize }) => transferSize > 0)).toEqual([]);
  console.log(`${bytes} bytes, ${asked.length} requests, the first message after ${seenAt} ms`);
  expect(bytes).toBeLessThan(MOST_BYTES);
  // The page of messages waits for the token alone: no other answer came before it was asked for.
  const read = asked.find(({ path }) => path.endsWith("/ListMessages"))!;
  const before = asked.filter(({ path, responseEnd }) => path.startsWith("/causerie.v1.") && responseEnd && responseEnd <= read.startTime);
  expect(before.map(({ path }) => path)).toEqual(["/causerie.v1.AuthService/RefreshSession"]);

  await emulateFast3G(page);
  const times: number[] = [];
  for (let i = 0; i < 3; i++) {
    await page.goto(`${w.pages.url}/rooms/${room}`);
    times.push(await paintTime(page));
  }
  console.log(`on fast 3G the first message after ${times.join(", ")} ms`);
});

/** JavaScript, gzipped. */
const MOST_CODE = 90_000;

test("the login page and a room show with no more code than they may need", async () => {
  const ada = await w.person("Ada");
  const room = await ada.room("Little code");
  await ada.say(room, "Enough of it");
  const newcomer = await w.window(undefined);
  const held = await holdBack(newcomer, "index", "LoginPage", "idempotency", "AuthPage", "Field", "form", "format-values.deferred", "FormError", "sign-in-notice", "en.deferred");
  await newcomer.goto(`${w.pages.url}/login`);
  await newcomer.getByRole("button", { name: "Sign in" }).waitFor();
  await newcomer.getByLabel("Password", { exact: true }).waitFor();
  await expectLittle(newcomer, held);

  const page = await w.window(ada);
  await openRoom(page, "Little code");
  const heldInRoom = await holdBack(page, "index", "room");
  await page.goto(`${w.pages.url}/rooms/${room}`);
  await bubble(page, "Enough of it").waitFor();
  await expectLittle(page, heldInRoom);
  // Of what was refused.
  w.clearComplaints();
});

/** Lets only these parts of the code come; tells which others were refused. */
async function holdBack(page: Page, ...needed: string[]): Promise<Set<string>> {
  const held = new Set<string>();
  // A page takes what it has without asking.
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("Network.setCacheDisabled", { cacheDisabled: true });
  // Held, they would take up the few connections that browsers open.
  await page.route(/\/assets\/.*\.js/, (route) => {
    const name = new URL(route.request().url()).pathname;
    if (needed.some((it) => name.startsWith(`/assets/${it}-`))) return route.continue();
    held.add(name);
    return route.abort();
  });
  return held;
}

async function expectLittle(page: Page, held: Set<string>): Promise<void> {
  const asked = await page.evaluate(() => performance.getEntriesByType("resource").map(({ name }) => new URL(name).pathname));
  const came = [...new Set(asked)].filter((it) => it.endsWith(".js") && !held.has(it));
  const bytes = came.reduce((sum, it) => sum + gzipSync(readFileSync(join(DIST, it)), { level: 9 }).length, 0);
  console.log(`${bytes} bytes of code in ${came.length} files`);
  expect(came.length).toBeGreaterThan(2);
  expect(bytes).toBeLessThan(MOST_CODE);
}
