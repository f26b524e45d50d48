// A room with a long history, and the way through it.

import type { Page } from "playwright-core";

import type { Person } from "./people";

const AT_ONCE = 200;

/** Writes messages of all sorts, numbered from 1. */
export async function fill(writer: Person, room: string, count: number): Promise<void> {
  let next = 1;
  const write = async () => {
    while (next <= count) {
      const n = next++;
      const long = `Message ${n}\n\n- with **several** lines\n- and \`code\`\n\n${"some words ".repeat(n % 70)}`;
      await writer.say(room, n % 10 ? `Message ${n}` : long);
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, count) }, write));
}

export interface Way {
  readonly ms: number;
  readonly frames: number;
  /** As many rows were in the page at once. */
  readonly mostRows: number;
  /** Tasks over 50 ms, in ms. */
  readonly longTasks: readonly number[];
}

/** Scrolls up as fast as frames and pages come, until the room begins. */
export function toBeginning(page: Page): Promise<Way> {
  return page.evaluate(
    () =>
      new Promise<Way>((done) => {
        const longTasks: number[] = [];
        const observer = new PerformanceObserver((list) => longTasks.push(...list.getEntries().map((it) => Math.round(it.duration))));
        observer.observe({ type: "longtask" });
        const log = document.querySelector<HTMLElement>(".scroller")!;
        const began = performance.now();
        let mostRows = 0;
        let frames = 0;
        const step = () => {
          mostRows = Math.max(mostRows, log.querySelectorAll(".msg").length);
          frames += 1;
          if (log.querySelector(".row-start") && log.scrollTop < 10) {
            const ms = Math.round(performance.now() - began);
            // What was observed last is told in a task of its own.
            return void setTimeout(() => done({ ms, frames, mostRows, longTasks }));
          }
          log.scrollTop = Math.max(log.scrollTop - 700, 0);
          requestAnimationFrame(step);
        };
        step();
      }),
  );
}

export function describe({ ms, frames, mostRows, longTasks }: Way): string {
  const longest = Math.max(0, ...longTasks);
  return `${ms} ms, ${frames} frames, at most ${mostRows} rows; tasks over 50 ms: ${longTasks.length}, the longest ${longest} ms`;
}
