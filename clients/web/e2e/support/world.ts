// A server, its pages, and a browser with windows for people.

import { chromium, type Browser, type BrowserContext, type BrowserContextOptions, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect } from "vitest";

import { PASSWORD, person, type Person } from "./people";
import { Pages } from "./pages";
import { Server } from "./server";

const CHROMIUM = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
/** How long something may take until it counts as missing. */
const PATIENCE_MS = 15_000;

/** What the door says, by what it says in English. */
export type Words = Readonly<Record<string, string>>;

export interface World {
  server: Server;
  pages: Pages;
  browser: Browser;
  /** A new person, each with a name of their own. */
  person: (name: string, displayName?: string) => Promise<Person>;
  /** A browser of their own, signed in. */
  window: (who: Person | undefined, options?: BrowserContextOptions, words?: Words) => Promise<Page>;
  /** What the browser complained of so far was meant to be. */
  forgive: () => void;
}

/** What a browser may say in vain when its link is cut on purpose. */
const EXPECTED = /ERR_|Failed to load resource|NetworkError|network/i;

export function world(): World {
  const it = {} as World;
  const contexts: BrowserContext[] = [];
  const complaints: string[] = [];
  let count = 0;

  beforeAll(async () => {
    it.server = await Server.start();
    it.pages = await Pages.start(it.server.port);
    it.browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-gpu"] });
  });

  afterAll(async () => {
    await it.browser?.close();
    await it.pages?.stop();
    await it.server?.remove();
  });

  afterEach(async () => {
    await Promise.all(contexts.splice(0).map((context) => context.close()));
    expect(complaints.splice(0), "what the browser complained of").toEqual([]);
  });

  it.forgive = () => void complaints.splice(0);
  it.person = (name, displayName = name) =>
    person(it.server.url, `${name.toLowerCase().replaceAll(/[^a-z]/g, "")}${++count}`, displayName);

  it.window = async (who, options = {}, words = {}) => {
    const context = await it.browser.newContext({ viewport: { width: 1280, height: 800 }, locale: "en-GB", ...options });
    contexts.push(context);
    context.setDefaultTimeout(PATIENCE_MS);
    context.on("page", (page) => {
      page.on("console", (said) => {
        if (["error", "warning"].includes(said.type()) && !EXPECTED.test(said.text())) complaints.push(said.text());
      });
      page.on("pageerror", (error) => complaints.push(String(error.stack ?? error)));
    });
    const page = await context.newPage();
    if (!who) return page;
    await signIn(page, it.pages.url, who.username, words);
    return page;
  };
  return it;
}

/** Through the door, as a person does. */
export async function signIn(page: Page, url: string, username: string, words: Words = {}): Promise<void> {
  const say = (text: string) => words[text] ?? text;
  await page.goto(`${url}/login`);
  await page.getByLabel(say("Username or e-mail")).fill(username);
  await page.getByLabel(say("Password"), { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: say("Sign in") }).click();
  await page.getByRole("navigation", { name: say("Rooms") }).waitFor();
}

/** Opens a room from the sidebar and waits for its composer. */
export async function enter(page: Page, room: string): Promise<void> {
  await page.getByRole("navigation", { name: "Rooms" }).getByRole("link", { name: new RegExp(escape(room)) }).first().click();
  await page.getByRole("heading", { name: room, level: 1 }).waitFor();
  await composer(page).waitFor();
}

export const composer = (page: Page) => page.locator(".composer textarea");

export async function say(page: Page, text: string): Promise<void> {
  await composer(page).fill(text);
  await composer(page).press("Enter");
}

/** The bubble of a message that is stored. */
export const bubble = (page: Page, text: string) =>
  page.locator(".msg:not(.msg-waiting)").filter({ has: page.locator(".bubble", { hasText: text }) });

function escape(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
