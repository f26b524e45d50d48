// What the pages of a test said and did, for whoever has to find out from a log
// why it failed.

import type { BrowserContext, ConsoleMessage, Page } from "playwright-core";

/** What a browser says when its link is cut or its server away. */
const LINK_ERRORS = /net::ERR_|Failed to load resource|NetworkError|Failed to fetch/i;
const MAX_LOG_LINES = 60;

export class Diagnostics {
  readonly #pages: { page: Page; log: string[] }[] = [];
  #complaints: string[] = [];

  /** In `rough` weather the link goes away on purpose. */
  constructor(readonly isLinkCut: boolean) {}

  watch(context: BrowserContext): void {
    context.on("page", (page) => {
      const log: string[] = [];
      this.#pages.push({ page, log });
      page.on("console", (message) => this.#onConsole(log, message));
      page.on("pageerror", (error) => {
        this.#complaints.push(String(error.stack ?? error));
        log.push(`page error: ${error.stack ?? error}`);
      });
      page.on("crash", () => (this.#complaints.push("a page crashed"), log.push("crash")));
      page.on("requestfailed", (request) => log.push(`failed: ${request.method()} ${request.url()}: ${request.failure()?.errorText}`));
      page.on("framenavigated", (frame) => frame === page.mainFrame() && log.push(`went to ${frame.url()}`));
    });
  }

  #onConsole(log: string[], message: ConsoleMessage): void {
    const text = `${message.type()}: ${message.text()} (${message.location().url})`;
    log.push(text);
    const isComplaint = ["error", "warning"].includes(message.type());
    if (isComplaint && !(this.isLinkCut && LINK_ERRORS.test(text))) this.#complaints.push(text);
  }

  /** What the browser complained of since it was last asked. */
  complaints(): string[] {
    return this.#complaints.splice(0);
  }

  /** What is on the pages, and what led there. */
  async report(): Promise<string> {
    const parts = this.#pages.map(async ({ page, log }, i) => {
      const head = `--- page ${i + 1}: ${page.url()}`;
      const snapshot = await page.locator("body").ariaSnapshot({ timeout: 10_000 }).catch((error: unknown) => `not to be seen: ${error}`);
      return [head, snapshot, "--- what it said, the last at the end:", ...log.slice(-MAX_LOG_LINES)].join("\n");
    });
    return (await Promise.all(parts)).join("\n");
  }

  clear(): void {
    this.#pages.splice(0);
  }
}
