// Times as they are written, and who is said to type.

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { en } from "../src/ui/i18n/en";
import { deferred } from "../src/ui/i18n/en.deferred";
import { format, type Params, type LanguageTexts } from "../src/ui/i18n/format";
import type { Key } from "../src/ui/i18n";
import { typingText } from "../src/ui/timeline/typing-text";

const ENGLISH: LanguageTexts = { language: "en", locale: "en-GB", texts: { ...en, ...deferred } };

// The catalogues of a page want a page.
vi.mock("../src/ui/i18n", () => ({
  locale: () => "en-GB",
  isolate: (words: string) => words,
  t: (key: Key, params: Params = {}) => format(ENGLISH, key, params),
}));

describe("days", () => {
  const page = new EventTarget();
  beforeEach(() => {
    vi.useFakeTimers({ now: new Date(2025, 11, 31, 23, 59, 30) });
    vi.stubGlobal("document", page);
    vi.resetModules();
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  test("have their year where it is not this one", async () => {
    const { formatDay, formatShort, formatTime } = await import("../src/ui/i18n/format-values");
    const lastYear = new Date(2024, 6, 9, 12, 0).getTime();
    const thisYear = new Date(2025, 6, 9, 12, 0).getTime();
    expect(formatTime(lastYear, "month")).toBe("9 Jul 2024");
    expect(formatTime(thisYear, "month")).toBe("9 Jul");
    expect(formatTime(lastYear, "short")).toMatch(/^9 Jul 2024\b.*12:00$/);
    expect(formatTime(thisYear, "short")).not.toContain("2025");
    expect(formatShort(lastYear)).toBe("9 Jul 2024");
    expect(formatDay(lastYear)).toBe("9 July 2024");
    expect(formatDay(thisYear)).toBe("Wednesday 9 July");
  });

  test("become others at midnight, or when a machine wakes", async () => {
    const { formatDay, formatShort } = await import("../src/ui/i18n/format-values");
    const at = Date.now();
    expect([formatDay(at), formatShort(at)]).toEqual(["Today", "23:59"]);
    vi.advanceTimersByTime(60_000);
    expect([formatDay(at), formatShort(at)]).toEqual(["Yesterday", "31 Dec 2025"]);
    vi.setSystemTime(new Date(2026, 0, 2, 8, 0));
    page.dispatchEvent(new Event("visibilitychange"));
    expect(formatDay(at)).toBe("31 December 2025");
  });

  test("a time to wait is rounded up, in seconds or minutes", async () => {
    const { formatWait } = await import("../src/ui/i18n/format-values.deferred");
    expect([0, 250, 1_000, 1_001, 59_000, 59_001, 61_000, 3_600_000].map(formatWait)).toEqual([
      "1 second", "1 second", "1 second", "2 seconds", "59 seconds", "1 minute", "2 minutes", "60 minutes",
    ]);
  });

  test("counts that have no end say so", async () => {
    const { countParam } = await import("../src/ui/i18n/format-values");
    const replies = (count: number, more: boolean) => format(ENGLISH, "replies", { count: countParam(count, more) });
    expect([replies(1, false), replies(999, false), replies(999, true)]).toEqual(["1 reply", "999 replies", "999+ replies"]);
  });
});

test("of those who type two are named, and the others counted", () => {
  const said = (...names: string[]) => {
    const text = typingText(names);
    return text && format(ENGLISH, ...text);
  };
  expect(said()).toBe(undefined);
  expect(said("Ada")).toBe("Ada is typing…");
  expect(said("Ada", "Bob")).toBe("Ada and Bob are typing…");
  expect(said("Ada", "Bob", "Eve")).toBe("Ada, Bob and 1 other are typing…");
  expect(said("Ada", "Bob", "Eve", "Cy")).toBe("Ada, Bob and 2 others are typing…");
});
