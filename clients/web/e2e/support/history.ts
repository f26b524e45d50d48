// A room with a long history, and the way through it.

import type { Page } from "playwright-core";

import type { Person } from "./people";
import { bubble, openRoom, type World } from "./world";

const AT_ONCE = 200;

/** Messages of all sorts, numbered from 1. */
export const texts = (count: number) =>
  Array.from({ length: count }, (_, i) => {
    const n = i + 1;
    const long = `Message ${n}\n\n- with **several** lines\n- and \`code\`\n\n${"some words ".repeat(n % 70)}`;
    return n % 10 ? `Message ${n}` : long;
  });

/** Writes as many of them. */
export async function fill(writer: Person, room: string, count: number): Promise<void> {
  const rest = texts(count).values();
  const write = async () => {
    for (const text of rest) await writer.say(room, text);
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, count) }, write));
}

/** A window at the end of a history of so many. */
export async function longHistory(w: World, count: number): Promise<{ ada: Person; room: string; page: Page }> {
  const ada = await w.person("Ada");
  const room = await ada.room(`History of ${count}`);
  w.server.lengthen(room, ada.id, texts(count));
  await ada.say(room, "The last word");
  const page = await w.window(ada);
  await openRoom(page, `History of ${count}`);
  await bubble(page, "The last word").waitFor();
  return { ada, room, page };
}

export interface Way {
  readonly ms: number;
  readonly frames: number;
  /** As many rows were in the page at once. */
  readonly mostRows: number;
  /** Tasks over 50 ms, in ms. */
  readonly longTasks: readonly number[];
}

/** Scrolls up as fast as frames and pages come, by so many pixels each, until the room begins. */
export const toBeginning = (page: Page, step = 700) => scroll(page, -step, ".row-start");

/** Scrolls down as fast as frames and pages come, until a message is there that begins with a text. */
export const downTo = (page: Page, text: string) => scroll(page, 700, ".bubble", text);

function scroll(page: Page, step: number, until: string, text = ""): Promise<Way> {
  return page.evaluate(
    ({ step, until, text }) =>
      new Promise<Way>((done) => {
        const longTasks: number[] = [];
        const observer = new PerformanceObserver((list) => longTasks.push(...list.getEntries().map((it) => Math.round(it.duration))));
        observer.observe({ type: "longtask" });
        const log = document.querySelector<HTMLElement>(".scroller")!;
        const began = performance.now();
        let mostRows = 0;
        let frames = 0;
        const arrived = () => {
          const atEnd = step < 0 ? log.scrollTop < 10 : log.scrollTop + log.clientHeight > log.scrollHeight - 10;
          return atEnd && [...log.querySelectorAll(until)].some((it) => it.textContent?.startsWith(text));
        };
        const go = () => {
          mostRows = Math.max(mostRows, log.querySelectorAll(".msg").length);
          frames += 1;
          if (arrived()) {
            const ms = Math.round(performance.now() - began);
            // What was observed last is told in a task of its own.
            return void setTimeout(() => done({ ms, frames, mostRows, longTasks }));
          }
          log.scrollTop = Math.max(log.scrollTop + step, 0);
          requestAnimationFrame(go);
        };
        go();
      }),
    { step, until, text },
  );
}

/** Scrolls up, frame by frame, until a message is well inside the window and at rest; where it is then. */
export const upTo = (page: Page, text: string): Promise<number> =>
  page.evaluate(
    (text) =>
      new Promise<number>((done) => {
        let last = Number.NaN;
        let frames = 0;
        const go = () => {
          const log = document.querySelector<HTMLElement>(".scroller")!;
          const it = [...log.querySelectorAll(".msg .bubble")].find((it) => it.textContent?.startsWith(text));
          const y = it ? Math.round(it.getBoundingClientRect().y) : Number.NaN;
          if (!(y > 200)) log.scrollTop = Math.max(log.scrollTop - 300, 0);
          frames = y === last ? frames + 1 : 0;
          last = y;
          if (y > 200 && frames >= 10) done(y);
          else requestAnimationFrame(go);
        };
        go();
      }),
    text,
  );

export function describe({ ms, frames, mostRows, longTasks }: Way): string {
  const longest = Math.max(0, ...longTasks);
  return `${ms} ms, ${frames} frames, at most ${mostRows} rows; tasks over 50 ms: ${longTasks.length}, the longest ${longest} ms`;
}
