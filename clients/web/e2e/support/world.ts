// A server and a browser with windows for people.

import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect } from "vitest";

import { launch } from "./chromium";
import { Link } from "./link";
import { PASSWORD, person, type Person } from "./people";
import { Server, type Environment } from "./server";
import { Diagnostics } from "./diagnostics";

/**
 * How long something may take until it counts as missing: far longer than it
 * takes on the slowest machine, for what is slow is not broken.
 */
export const PATIENCE_MS = 60_000;

/** What the door says, by what it says in English. */
export type Translations = Readonly<Record<string, string>>;

export const ARABIC: Translations = { Username: "اسم المستخدم", Password: "كلمة المرور", "Sign in": "تسجيل الدخول", Rooms: "الغرف" };

export interface World {
  server: Server;
  /** Where windows find the server. */
  pages: { readonly url: string };
  /** What lies between windows and the server, in a world with a link. */
  link: Link;
  browser: Browser;
  /** A new person, each with a name of their own. */
  person: (name: string, displayName?: string) => Promise<Person>;
  /** A browser of their own, signed in. */
  window: (who: Person | undefined, options?: BrowserContextOptions, words?: Translations) => Promise<Page>;
  /** What the browser complained of so far was meant to be. */
  clearComplaints: () => void;
}

/** Windows get their pages from the server itself, or with `link` through one that can be cut; `env` has options of the server. */
export function world(options: { link?: boolean; env?: Environment } = {}): World {
  const it = {} as World;
  const contexts: BrowserContext[] = [];
  const diagnostics = new Diagnostics(options.link === true);
  let count = 0;

  beforeAll(async () => {
    it.server = await Server.start(options.env);
    if (options.link) it.link = await Link.to(it.server.port);
    it.pages = { url: (it.link ?? it.server).url };
    it.browser = await launch();
  });

  afterAll(async () => {
    await it.browser?.close();
    await it.link?.remove();
    await it.server?.remove();
  });

  afterEach(async ({ task }) => {
    const complaints = diagnostics.complaints();
    if (task.result?.state === "fail" || complaints.length) {
      console.error(`${await diagnostics.report()}\n--- the end of the server's log:\n${it.server.log}`);
    }
    diagnostics.clear();
    it.link?.mend();
    await Promise.all(contexts.splice(0).map((context) => context.close()));
    // What a page says as it closes is no fault of the next test.
    diagnostics.complaints();
    expect(complaints, "what the browser complained of").toEqual([]);
  });

  it.clearComplaints = () => void diagnostics.complaints();
  it.person = (name, displayName = name) =>
    person(it.server.url, `${name.toLowerCase().replaceAll(/[^a-z]/g, "")}${++count}`, displayName);

  it.window = async (who, options = {}, words = {}) => {
    const context = await it.browser.newContext({ viewport: { width: 1280, height: 800 }, locale: "en-GB", ...options });
    contexts.push(context);
    context.setDefaultTimeout(PATIENCE_MS);
    diagnostics.watch(context);
    const page = await context.newPage();
    if (!who) return page;
    await signIn(page, it.pages.url, who.username, words);
    return page;
  };
  return it;
}

/** Through the door, as a person does. */
export async function signIn(page: Page, url: string, username: string, words: Translations = {}): Promise<void> {
  const say = (text: string) => words[text] ?? text;
  await page.goto(`${url}/login`);
  await page.getByLabel(say("Username")).fill(username);
  await page.getByLabel(say("Password"), { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: say("Sign in") }).click();
  await page.getByRole("navigation", { name: say("Rooms") }).waitFor();
}

/** Follows a link to a path of the page, as one in a message would be. */
export function followLink(page: Page, path: string): Promise<void> {
  return page.evaluate((path) => {
    const link = document.body.appendChild(document.createElement("a"));
    link.href = path;
    link.click();
    link.remove();
  }, path);
}

/** Opens a room from the sidebar and waits for its composer. */
export async function openRoom(page: Page, room: string): Promise<void> {
  await page.getByRole("navigation", { name: "Rooms" }).getByRole("link", { name: new RegExp(escape(room)) }).first().click();
  await page.getByRole("heading", { name: room, level: 1 }).waitFor();
  await composer(page).waitFor();
}

/** Waits until the code of these has come. */
export async function waitForChunks(page: Page, ...names: string[]): Promise<void> {
  const missing = (names: string[]) => {
    const all = performance.getEntriesByType("resource").map(({ name }) => name);
    return names.filter((name) => !all.some((it) => it.includes(`/assets/${name}-`)));
  };
  await expect.poll(() => page.evaluate(missing, names), { timeout: PATIENCE_MS }).toEqual([]);
}

export const composer = (page: Page) => page.locator(".composer textarea");

/** Waits until what shows nothing is there too (ui/shell/DeferredEffects.tsx): it writes the title. */
export const waitForTitle = (page: Page, title: string) => expect.poll(() => page.title()).toContain(`${title} · Causerie`);

export async function say(page: Page, text: string): Promise<void> {
  await composer(page).fill(text);
  await composer(page).press("Enter");
}

/** The bubble of a message that is stored. */
export const bubble = (page: Page, text: string) =>
  page.locator(".msg:not(.msg-pending)").filter({ has: page.locator(".bubble", { hasText: text }) });

/** Points at a message and presses one of its tools; once more if the row moved away meanwhile. */
export async function useMessageAction(page: Page, text: string, name: string): Promise<void> {
  const press = async () => {
    await bubble(page, text).hover();
    return bubble(page, text).getByRole("button", { name }).first().click({ timeout: 3_000 }).then(() => true, () => false);
  };
  await expect.poll(press).toBe(true);
}

function escape(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
