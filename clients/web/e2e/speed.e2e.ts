// How soon one can read.

import { expect, test } from "vitest";

import { bubble, enter, world } from "./support/world";

const w = world();
const MOST_MS = 1_000;

test("with a warm cache and fast 3G the first message is seen within a second", async () => {
  const ada = await w.person("Ada");
  const room = await ada.room("Speed");
  for (let i = 1; i <= 60; i++) await ada.say(room, `Message ${i}`);
  const page = await w.window(ada);
  await enter(page, "Speed");
  await bubble(page, "Message 60").waitFor();
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("Network.enable");
  await cdp.send("Network.emulateNetworkConditions", {
    offline: false,
    latency: 150,
    downloadThroughput: (1_600 * 1024) / 8,
    uploadThroughput: (750 * 1024) / 8,
  });
  const took: number[] = [];
  for (let i = 0; i < 3; i++) {
    await page.goto(`${w.pages.url}/rooms/${room}`);
    await bubble(page, "Message 60").waitFor();
    took.push(
      await page.evaluate(() => Math.round(performance.now())),
    );
  }
  console.log(`first message after ${took.join(", ")} ms`);
  expect(Math.min(...took)).toBeLessThan(MOST_MS);
});
