// Through a long history, as fast as it goes.

import { test } from "vitest";

import { longHistory, toBeginning } from "../support/history";
import { measureLongestTask } from "../support/cpu_time";
import { world } from "../support/world";
import { print } from "./table";

const w = world();
/** As many as the client promises to be smooth with. */
const MESSAGES = Number(process.env["SCALE"] ?? 100_000);

test("scrolling to the beginning of a long history", async () => {
  const { page } = await longHistory(w, MESSAGES);
  const longest = await measureLongestTask(page);
  const { ms, frames, mostRows, longTasks } = await toBeginning(page);
  const messages = MESSAGES.toLocaleString("en");
  print(`Web client: scrolling through ${messages} messages`, [
    { measure: "the longest task, of the processor", value: `${await longest()} ms`, aim: "≤ 100 ms" },
    { measure: "the longest task, by the clock", value: `${Math.max(0, ...longTasks)} ms`, aim: "≤ 100 ms on an idle machine" },
    { measure: "tasks over 50 ms by the clock", value: String(longTasks.length), aim: "–" },
    { measure: "a frame, on average", value: `${(ms / frames).toFixed(1)} ms`, aim: "–" },
    { measure: "messages per second", value: Math.round((MESSAGES / ms) * 1000).toLocaleString("en"), aim: "–" },
    { measure: "rows in the page, at most", value: String(mostRows), aim: "bounded" },
  ]);
});
