// What tasks of a page take of the processor. A clock would also count what
// other programs of the machine take meanwhile.

import type { Page } from "playwright-core";

interface Event {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  /** In µs, of this thread. */
  readonly tdur?: number;
  readonly args: { readonly name?: string };
}

/** Begins to watch; what it returns ends that and tells the longest task's time in ms. */
export async function measureLongestTask(page: Page): Promise<() => Promise<number>> {
  const cdp = await page.context().newCDPSession(page);
  const threads = new Map<string, string>();
  const longest = new Map<string, number>();
  cdp.on("Tracing.dataCollected", ({ value }) => {
    for (const { name, pid, tid, tdur = 0, args } of value as unknown as Event[]) {
      const thread = `${pid} ${tid}`;
      if (name === "thread_name") threads.set(thread, args.name ?? "");
      else if (name.endsWith("RunTask")) longest.set(thread, Math.max(longest.get(thread) ?? 0, tdur));
    }
  });
  const traceConfig = { includedCategories: ["toplevel"] };
  await cdp.send("Tracing.start", { transferMode: "ReportEvents", traceConfig });
  return async () => {
    const completed = new Promise((done) => cdp.once("Tracing.tracingComplete", done));
    await cdp.send("Tracing.end");
    await completed;
    const pages = [...longest].filter(([thread]) => threads.get(thread) === "CrRendererMain");
    return Math.round(Math.max(0, ...pages.map(([, tdur]) => tdur)) / 1_000);
  };
}
