// How soon one can read, on a slow network with a warm cache.

import { test } from "vitest";

import { recordPaintOf, emulateFast3G, paintTime } from "../support/paint_time";
import { bubble, openRoom, world } from "../support/world";
import { middle, print } from "./table";

const w = world();
const RUNS = 5;

test("the first message on fast 3G", async () => {
  const ada = await w.person("Ada");
  const room = await ada.room("Speed");
  for (let i = 1; i <= 60; i++) await ada.say(room, `Message ${i}`);
  const page = await w.window(ada);
  await openRoom(page, "Speed");
  await bubble(page, "Message 60").waitFor();
  await emulateFast3G(page);
  await recordPaintOf(page, "Message 60");
  const took: number[] = [];
  for (let i = 0; i < RUNS; i++) {
    await page.goto(`${w.pages.url}/rooms/${room}`);
    await bubble(page, "Message 60").waitFor();
    took.push(await paintTime(page));
  }
  print("Web client: first message on fast 3G, warm cache", [
    { measure: `address → first message, median of ${RUNS}`, value: `${middle(took)} ms`, aim: "< 1,000 ms" },
    { measure: "the slowest of them", value: `${Math.max(...took)} ms`, aim: "–" },
  ]);
});
