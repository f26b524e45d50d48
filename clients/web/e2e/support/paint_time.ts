// When a page has shown something, by the page's own clock; and on which network.

import type { Page } from "playwright-core";

/**
 * Has every page note when it has shown this text, from within: one who asks
 * from outside asks only every half second.
 */
export async function recordPaintOf(page: Page, text: string): Promise<void> {
  await page.addInitScript((text) => {
    const seen = (it: Element) => {
      const { top, bottom } = it.getBoundingClientRect();
      return top >= 0 && bottom <= innerHeight && it.checkVisibility({ opacityProperty: true, visibilityProperty: true });
    };
    const shown = () =>
      [...document.querySelectorAll(".msg:not(.msg-pending) .bubble")].some((it) => it.textContent?.includes(text) && seen(it));
    // The frame after the one that has it: that one is painted by then.
    const look = () => requestAnimationFrame(shown() ? () => performance.mark("shown") : look);
    look();
  }, text);
}

/** Waits for it; in ms since the page's address was opened. */
export async function paintTime(page: Page): Promise<number> {
  await page.waitForFunction(() => performance.getEntriesByName("shown").length > 0);
  return page.evaluate(() => Math.round(performance.getEntriesByName("shown")[0]?.startTime ?? Infinity));
}

/** The profile that browsers call fast 3G. */
const FAST_3G = {
  offline: false,
  latency: 150,
  downloadThroughput: (1_600 * 1024) / 8,
  uploadThroughput: (750 * 1024) / 8,
};

export async function emulateFast3G(page: Page): Promise<void> {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("Network.enable");
  await cdp.send("Network.emulateNetworkConditions", FAST_3G);
}
