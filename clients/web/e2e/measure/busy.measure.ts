// A busy room: opening it, and writing while messages pour in.

import { test } from "vitest";

import { fill } from "../support/history";
import { measureLongestTask } from "../support/cpu_time";
import { bubble, composer, openRoom, world } from "../support/world";
import { middle, print } from "./table";

const w = world();
const PER_SECOND = 50;
const SECONDS = 10;
const OPENINGS = 10;

test("a busy room", async () => {
  const [ada, bob] = [await w.person("Ada"), await w.person("Bob")];
  const [busy, quiet] = [await ada.room("Busy room"), await ada.room("Quiet room")];
  await bob.rooms.joinRoom({ roomId: busy });
  await fill(bob, busy, 500);
  await ada.say(quiet, "nothing here");
  const page = await w.window(ada);
  await openRoom(page, "Busy room");
  await bubble(page, "Message 500").waitFor();

  const opened: number[] = [];
  for (let i = 0; i < OPENINGS; i++) {
    await openRoom(page, "Quiet room");
    opened.push(
      await page.evaluate(
        () =>
          new Promise<number>((done) => {
            const link = [...document.querySelectorAll<HTMLElement>("nav a")].find((it) => it.textContent?.includes("Busy room"))!;
            const began = performance.now();
            link.click();
            const look = () =>
              document.querySelector(".scroller .bubble") && document.querySelector("h1")?.textContent?.includes("Busy")
                ? done(performance.now() - began)
                : requestAnimationFrame(look);
            requestAnimationFrame(look);
          }),
      ),
    );
  }

  await page.evaluate(() => {
    const keys: number[] = [];
    Object.defineProperty(window, "keys", { value: keys });
    new PerformanceObserver((list) => {
      for (const it of list.getEntries()) if (it.name === "keydown") keys.push(Math.round(it.duration));
    }).observe({ type: "event", durationThreshold: 16 } as PerformanceObserverInit);
  });
  const longest = await measureLongestTask(page);
  let n = 0;
  const talking = setInterval(() => void bob.say(busy, `And ${++n}, with **some** words`), 1_000 / PER_SECOND);
  const letters = SECONDS * 10;
  await composer(page).focus();
  await page.keyboard.type("x".repeat(letters), { delay: 100 });
  clearInterval(talking);
  await bob.say(busy, "The last one");
  await bubble(page, "The last one").waitFor();
  const keys = await page.evaluate(() => (window as unknown as { keys: number[] }).keys);
  // The browser tells only of those that took longer than a frame.
  const all = [...Array.from({ length: Math.max(letters - keys.length, 0) }, () => 16), ...keys];
  print(`Web client: a room with ${PER_SECOND} messages a second`, [
    { measure: `click → its messages, median of ${OPENINGS}`, value: `${Math.round(middle(opened))} ms`, aim: "–" },
    { measure: "key → next frame, median", value: `≤ ${middle(all)} ms`, aim: "< 100 ms" },
    { measure: "key → next frame, at most", value: `${Math.max(16, ...keys)} ms`, aim: "–" },
    { measure: "the longest task, of the processor", value: `${await longest()} ms`, aim: "≤ 100 ms" },
  ]);
});
