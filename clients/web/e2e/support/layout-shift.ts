// How much of a page moves while nobody has touched it, as browsers measure it.

import type { Page } from "playwright-core";

interface LayoutShift extends PerformanceEntry {
  readonly value: number;
  readonly hadRecentInput: boolean;
  readonly sources: readonly { readonly node?: Node; readonly previousRect: DOMRectReadOnly; readonly currentRect: DOMRectReadOnly }[];
}

/** Has each page that is opened from now on note its shifts. */
export async function measureLayoutShift(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const all: { value: number; what: string }[] = [];
    Object.assign(window, { layoutShifts: all });
    const rect = ({ x, y, width, height }: DOMRectReadOnly) => [x, y, width, height].map(Math.round).join(" ");
    const observer = new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as LayoutShift[]) {
        if (entry.hadRecentInput) continue;
        const what = entry.sources.map(({ node, previousRect, currentRect }) => {
          const name = node instanceof Element ? `${node.parentElement?.className} > ${node.localName}.${node.className}` : (node?.textContent ?? "a node that is gone");
          return `  ${name}: ${rect(previousRect)} → ${rect(currentRect)}`;
        });
        all.push({ value: entry.value, what: [`${entry.value.toFixed(4)} after ${Math.round(entry.startTime)} ms`, ...what].join("\n") });
      }
    });
    observer.observe({ type: "layout-shift", buffered: true });
  });
}

/** The sum so far, and what moved. */
export async function layoutShift(page: Page): Promise<{ total: number; shifts: string[] }> {
  const all = await page.evaluate(async () => {
    // A shift is reported with the frame that has it.
    for (let i = 0; i < 2; i++) await new Promise((frame) => requestAnimationFrame(frame));
    await new Promise((task) => setTimeout(task));
    return (window as unknown as { layoutShifts: { value: number; what: string }[] }).layoutShifts;
  });
  return { total: all.reduce((sum, { value }) => sum + value, 0), shifts: all.map(({ what }) => what) };
}
