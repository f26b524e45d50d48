// What the pages of a test said and did, for whoever has to find out from a log
// why it failed.

import type { BrowserContext, ConsoleMessage, Page } from "playwright-core";

/** What a browser says when its link is cut or its server away. */
const LINK = /net::ERR_|Failed to load resource|NetworkError|Failed to fetch/i;
const LAST = 60;

export class Witness {
  readonly #pages: { page: Page; said: string[] }[] = [];
  #complaints: string[] = [];

  /** In `rough` weather the link goes away on purpose. */
  constructor(readonly rough: boolean) {}

  watch(context: BrowserContext): void {
    context.on("page", (page) => {
      const said: string[] = [];
      this.#pages.push({ page, said });
      page.on("console", (message) => this.#heard(said, message));
      page.on("pageerror", (error) => {
        this.#complaints.push(String(error.stack ?? error));
        said.push(`page error: ${error.stack ?? error}`);
      });
      page.on("crash", () => (this.#complaints.push("a page crashed"), said.push("crash")));
      page.on("requestfailed", (request) => said.push(`failed: ${request.method()} ${request.url()}: ${request.failure()?.errorText}`));
      page.on("framenavigated", (frame) => frame === page.mainFrame() && said.push(`went to ${frame.url()}`));
    });
  }

  #heard(said: string[], message: ConsoleMessage): void {
    const text = `${message.type()}: ${message.text()} (${message.location().url})`;
    said.push(text);
    const counts = ["error", "warning"].includes(message.type());
    if (counts && !(this.rough && LINK.test(text))) this.#complaints.push(text);
  }

  /** What the browser complained of since it was last asked. */
  complaints(): string[] {
    return this.#complaints.splice(0);
  }

  /** What is on the pages, and what led there. */
  async report(): Promise<string> {
    const parts = this.#pages.map(async ({ page, said }, i) => {
      const head = `--- page ${i + 1}: ${page.url()}`;
      const seen = await page.locator("body").ariaSnapshot({ timeout: 10_000 }).catch((error: unknown) => `not to be seen: ${error}`);
      return [head, seen, "--- what it said, the last at the end:", ...said.slice(-LAST)].join("\n");
    });
    return (await Promise.all(parts)).join("\n");
  }

  forget(): void {
    this.#pages.splice(0);
  }
}
