// A room with a long history costs no more than a short one. How smooth that
// is, `make bench` measures; here only what does not depend on the machine fails.

import { expect, test } from "vitest";

import { describe, downTo, fill, toBeginning } from "./support/history";
import { bubble, enter, world } from "./support/world";

/** More than the client keeps, so that on the way back it has to read some again. */
const MESSAGES = 2_600;
/** Some windows full. */
const MOST_ROWS = 120;
/** Steps of 700 pixels, past messages of more than 30 each: fewer would have skipped some. */
const LEAST_STEPS = (MESSAGES * 30) / 700;

const w = world();

test("one scrolls to a room's beginning and back, through few rows at a time", async () => {
  const ada = await w.person("Ada");
  const room = await ada.room("Long history");
  await fill(ada, room, MESSAGES);
  await ada.say(room, "The last word");
  const page = await w.window(ada);
  await enter(page, "Long history");
  await bubble(page, "The last word").waitFor();
  const way = await toBeginning(page);
  console.log(`through ${MESSAGES} messages: ${describe(way)}`);
  expect(way.mostRows).toBeLessThan(MOST_ROWS);
  expect(way.frames).toBeGreaterThan(LEAST_STEPS);
  await bubble(page, "Message 1").first().waitFor();
  const back = await downTo(page, "The last word");
  console.log(`and back: ${describe(back)}`);
  expect(back.mostRows).toBeLessThan(MOST_ROWS);
  expect(back.frames).toBeGreaterThan(LEAST_STEPS);
  // There again, it goes on.
  await ada.say(room, "And one more");
  await bubble(page, "And one more").waitFor();
});
