// A room with a long history costs no more than a short one. How smooth that is
// is printed; only what does not depend on the machine fails.

import { expect, test } from "vitest";

import { describe, downTo, longHistory, toBeginning } from "./support/history";
import { measureLongestTask } from "./support/cpu_time";
import { bubble, world } from "./support/world";

/** More than the client keeps, so that on the way back it has to read some again. */
const MESSAGES = 2_600;
/** A tenth of what `make bench` goes through with a release build. */
const VERY_MANY = 10_000;
/** Some messages pass between two frames, so that it ends within a minute. */
const FAST = 4_000;
/** Some windows full. */
const MOST_ROWS = 120;
/** Steps of 700 pixels, past messages of more than 30 each: fewer would have skipped some. */
const LEAST_STEPS = (MESSAGES * 30) / 700;

const w = world();

test("one scrolls to a room's beginning and back, through few rows at a time", async () => {
  const { ada, room, page } = await longHistory(w, MESSAGES);
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

test("so one does through ten thousand messages, faster than one could read", async () => {
  const { page } = await longHistory(w, VERY_MANY);
  const longest = await measureLongestTask(page);
  const way = await toBeginning(page, FAST);
  console.log(`through ${VERY_MANY} messages: the longest task took ${await longest()} ms of the processor; by the clock ${describe(way)}`);
  expect(way.mostRows).toBeLessThan(MOST_ROWS);
  expect(way.frames).toBeGreaterThan((VERY_MANY * 30) / FAST);
  await bubble(page, "Message 1").first().waitFor();
});
