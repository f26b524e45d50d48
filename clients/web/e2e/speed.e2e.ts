// What a visit with a warm cache needs of the network. How long it takes on a
// slow one, `make bench` measures: a limit in time would fail with the machine.

import { expect, test } from "vitest";

import { noteWhenShown, shownAt } from "./support/shown";
import { bubble, enter, fetched, world } from "./support/world";

const w = world();
/** index.html, and the newest page of messages with what surrounds it. */
const MOST_BYTES = 40_000;

test("a second visit loads no script or style again, and asks for messages at once", async () => {
  const ada = await w.person("Ada");
  const room = await ada.room("Speed");
  for (let i = 1; i <= 60; i++) await ada.say(room, `Message ${i}`);
  const page = await w.window(ada);
  await enter(page, "Speed");
  await bubble(page, "Message 60").waitFor();
  // All that comes later, to the ends of the lists it is fetched by.
  await fetched(page, "Afterwards", "MembersPanel", "RoomMenu", "Above", "Floating", "EmojiPicker", "BansDialog", "Viewer");
  await page.goto(`${w.pages.url}/rooms/${room}`);
  await bubble(page, "Message 60").waitFor();

  const cdp = await page.context().newCDPSession(page);
  await cdp.send("Network.enable");
  let bytes = 0;
  cdp.on("Network.dataReceived", ({ encodedDataLength }) => (bytes += encodedDataLength));
  await noteWhenShown(page, "Message 60");
  await page.goto(`${w.pages.url}/rooms/${room}`);
  const seenAt = await shownAt(page);
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
});
