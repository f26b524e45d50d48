// A room with a long history.

import { cpus, loadavg } from "node:os";

import type { Page } from "playwright-core";
import { beforeAll, expect, test } from "vitest";

import type { Person } from "./support/people";
import { bubble, enter, world } from "./support/world";

/** SCALE=100000 for the whole length; a debug build of the server takes minutes to fill the room. */
const MESSAGES = Number(process.env["SCALE"] ?? 10_000);
const AT_ONCE = 200;
const MOST_MS = 100;

const w = world();
let ada: Person;
let room: string;

beforeAll(async () => {
  ada = await w.person("Ada");
  room = await ada.room("Long history");
  let next = 1;
  const writer = async () => {
    while (next <= MESSAGES) {
      const n = next++;
      const text = n % 10 ? `Message ${n}` : `Message ${n}\n\n- with **several** lines\n- and \`code\`\n\n${"some words ".repeat(n % 70)}`;
      await ada.say(room, text);
    }
  };
  const began = Date.now();
  await Promise.all(Array.from({ length: AT_ONCE }, writer));
  await ada.say(room, "The last word");
  console.log(`${MESSAGES} messages written in ${Date.now() - began} ms`);
}, 600_000);

/** Counts what keeps the page from answering. */
async function watchTasks(page: Page): Promise<() => Promise<number[]>> {
  await page.evaluate(() => {
    const long: number[] = [];
    Object.defineProperty(window, "longTasks", { value: long, configurable: true });
    new PerformanceObserver((list) => long.push(...list.getEntries().map((it) => Math.round(it.duration)))).observe({ type: "longtask" });
  });
  return () => page.evaluate(() => (window as unknown as { longTasks: number[] }).longTasks);
}

test("scrolling to its beginning stays smooth", async () => {
  const page = await w.window(ada);
  await enter(page, "Long history");
  await page.locator(".msg").nth(5).waitFor();
  const tasks = await watchTasks(page);
  const began = Date.now();
  // As fast as pages come: to the top, again and again, until the room begins there.
  await page.evaluate(
    () =>
      new Promise<void>((done) => {
        const log = document.querySelector<HTMLElement>(".scroller")!;
        const step = () => {
          if (log.querySelector(".row-start") && log.scrollTop < 10) return done();
          log.scrollTop = Math.max(log.scrollTop - 700, 0);
          requestAnimationFrame(step);
        };
        step();
      }),
    undefined,
  );
  const long = await tasks();
  console.log(`to the beginning in ${Date.now() - began} ms; tasks over 50 ms: ${long.length}, the longest ${Math.max(0, ...long)} ms`);
  await bubble(page, "Message 1").first().waitFor();
  await page.getByRole("button", { name: "Jump to the newest message" }).click();
  await bubble(page, "The last word").waitFor();
  // A machine that does other things beside it takes longer for each.
  const slowness = Math.max(1, loadavg()[0]! / cpus().length);
  expect(Math.max(0, ...long) / slowness).toBeLessThan(MOST_MS);
}, 900_000);
