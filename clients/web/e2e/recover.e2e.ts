// Owners who have lost their password, and accounts that are suspended: what an
// admin does about them, and what they see of it.

import type { Page } from "playwright-core";
import { expect, test } from "vitest";

import { AXE, check } from "./support/axe";
import { PASSWORD, type Person } from "./support/people";
import { openRoom, followLink, world } from "./support/world";

const w = world();

const FRESH = "seven-lamps-under-snow";
const WAS_USED = "This link has been used or replaced, or it has expired.";

/** The first account of the server is its admin; all tests here share it. */
let first: Promise<Person> | undefined;
const admin = () => (first ??= w.person("Ada", "Ada Admin"));

const inside = (page: Page) => page.getByRole("navigation", { name: "Rooms" }).waitFor();
const path = (page: Page) => expect.poll(() => page.url().slice(w.pages.url.length));
const title = (page: Page) => page.getByRole("heading", { name: "Choose a new password" }).waitFor();

/** Of the admin's page, one that stands for an account. */
const row = (page: Page, who: Person) => page.locator(".account", { hasText: `@${who.username} ` });

async function manage(page: Page, who: Person, item: string): Promise<void> {
  await row(page, who).getByRole("button", { name: `Manage the account of ${who.displayName}` }).click();
  await page.getByRole("menuitem", { name: item }).click();
}

async function choose(page: Page, password: string, again = password): Promise<void> {
  await page.getByLabel("New password", { exact: true }).fill(password);
  await page.getByLabel("Confirm new password").fill(again);
  await page.getByRole("button", { name: "Set password and sign in" }).click();
}

async function comeIn(page: Page, { username }: Person, password: string): Promise<void> {
  await page.goto(`${w.pages.url}/login`);
  await page.getByLabel("Username").fill(username);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
}

const link = async (who: Person) => w.pages.url + (await (await admin()).admin.createRecoveryLink({ userId: who.id })).path;

test("an admin makes a link, by which the owner sets a new password in another browser, once", async () => {
  const [ada, bob] = [await admin(), await w.person("Bob", "Bob Forgetful")];
  const [adas, bobs, lost] = [await w.window(ada), await w.window(bob), await w.window(undefined)];
  await adas.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await adas.goto(`${w.pages.url}/admin`);
  await manage(adas, bob, "Create a recovery link");
  const dialog = adas.getByRole("dialog", { name: "Recovery link" });
  await dialog.getByText("It works once, until").waitFor();
  await dialog.getByRole("button", { name: "Copy link" }).click();
  const url = await adas.evaluate(() => navigator.clipboard.readText());
  expect(url).toBe(await dialog.getByLabel("Recovery link", { exact: true }).last().inputValue());
  expect(url.startsWith(`${w.pages.url}/recover#`)).toBe(true);

  // The secret is in the address no longer than the page takes to see it.
  await lost.goto(url);
  await title(lost);
  await path(lost).toBe("/recover");
  await expect.poll(() => lost.title()).toBe("Choose a new password · Causerie");
  await expect.poll(() => lost.evaluate(() => (document.activeElement as HTMLInputElement).name)).toBe("password");
  await choose(lost, FRESH, "another");
  await lost.getByText("Passwords don’t match.").waitFor();
  // A refusal does not use it up.
  await choose(lost, "password1");
  await lost.getByText("Passwords must be 8–256 characters and hard to guess.").waitFor();
  await choose(lost, FRESH);
  await inside(lost);
  await path(lost).toBe("/");
  await lost.locator(".account-name", { hasText: "Bob Forgetful" }).waitFor();
  await lost.goBack();
  await path(lost).not.toContain("#");

  // Whoever was signed in is no more, and the old password is none.
  await bobs.getByText("Your session has ended").waitFor();
  await comeIn(bobs, bob, PASSWORD);
  await bobs.getByText("Incorrect username or password.").waitFor();
  await bobs.goto(url);
  await title(bobs);
  await choose(bobs, "nine-boats-over-ice");
  await bobs.getByText(WAS_USED).waitFor();
  await bobs.getByRole("link", { name: "Back to sign in" }).click();
  await path(bobs).toBe("/login");
  await comeIn(bobs, bob, FRESH);
  await inside(bobs);
});

test("a link without its end says so, and the one that is typed behind it works", async () => {
  const eve = await w.person("Eve", "Eve Incomplete");
  const page = await w.window(undefined);
  await page.goto(`${w.pages.url}/recover`);
  await page.getByText("This link is not complete.").waitFor();
  expect(await page.getByRole("textbox").count()).toBe(0);
  await page.goto(`${w.pages.url}/recover#${"x".repeat(400)}`);
  await choose(page, FRESH);
  await page.getByText(WAS_USED).waitFor();
  // As if into the address bar: the page stays and only what is behind # changes.
  const url = await link(eve);
  await page.evaluate((url) => void (location.href = url), url);
  await path(page).toBe("/recover");
  await choose(page, FRESH);
  await inside(page);
  await page.locator(".account-name", { hasText: "Eve Incomplete" }).waitFor();
});

test("who is signed in is asked to sign out first, and then has the link still", async () => {
  const [ada, bob] = [await admin(), await w.person("Bob", "Bob Twice")];
  await ada.admin.createRecoveryLink({ userId: bob.id });
  const page = await w.window(bob);
  // As in a message.
  await page.evaluate((url) => {
    const anchor = document.body.appendChild(document.createElement("a"));
    anchor.href = url;
    anchor.click();
    anchor.remove();
  }, await link(bob));
  await page.getByText("You are signed in as Bob Twice.").waitFor();
  await path(page).toBe("/recover");
  await expect.poll(() => page.title()).toBe("Choose a new password · Causerie");
  await page.locator("main").getByRole("button", { name: "Sign out" }).click();
  await choose(page, FRESH);
  await inside(page);
  await page.locator(".account-name", { hasText: "Bob Twice" }).waitFor();
  await path(page).toBe("/");
  await followLink(page, "/recover");
  await page.getByText("You are signed in as Bob Twice.").waitFor();
});

test("a suspended account's page ends at once, and it can sign in when it is restored", async () => {
  const [ada, bob] = [await admin(), await w.person("Bob", "Bob Suspended")];
  await bob.room("Suspended room");
  const [adas, bobs] = [await w.window(ada), await w.window(bob)];
  await openRoom(bobs, "Suspended room");
  await adas.goto(`${w.pages.url}/admin`);
  await manage(adas, bob, "Suspend account");
  const dialog = adas.getByRole("dialog", { name: "Suspend account" });
  await dialog.getByText("Suspend the account of Bob Suspended?").waitFor();
  await dialog.getByRole("button", { name: "Cancel" }).click();
  expect(await row(adas, bob).getByText("Suspended", { exact: true }).count()).toBe(0);
  await manage(adas, bob, "Suspend account");
  const answered = adas.waitForResponse(/SuspendUser/).then(() => Date.now());
  const ended = bobs.getByText("Your session has ended").waitFor().then(() => Date.now());
  await dialog.getByRole("button", { name: "Suspend account" }).click();
  // Pages are slow where tests run beside them: what is measured is that nothing waits for a token to expire.
  expect((await ended) - (await answered)).toBeLessThan(10_000);
  await row(adas, bob).getByText("Suspended", { exact: true }).waitFor();

  await comeIn(bobs, bob, PASSWORD);
  await bobs.getByText("This account is suspended. Ask the admins of this server.").waitFor();
  await comeIn(bobs, bob, "not-the-password");
  await bobs.getByText("Incorrect username or password.").waitFor();

  await adas.reload();
  await row(adas, bob).getByText("Suspended", { exact: true }).waitFor();
  await row(adas, bob).getByRole("button", { name: /Manage the account/ }).click();
  expect(await adas.getByRole("menuitem").allInnerTexts()).toEqual(["Restore account"]);
  await adas.getByRole("menuitem").click();
  await adas.getByRole("dialog").getByRole("button", { name: "Restore account" }).click();
  await row(adas, bob).getByText("Suspended", { exact: true }).waitFor({ state: "detached" });
  await comeIn(bobs, bob, PASSWORD);
  await inside(bobs);
});

test("a link for an account that is suspended meanwhile is none, and the only admin cannot suspend themselves", async () => {
  const [ada, bob] = [await admin(), await w.person("Bob", "Bob Meanwhile")];
  const url = await link(bob);
  const [adas, bobs] = [await w.window(ada), await w.window(undefined)];
  await adas.goto(`${w.pages.url}/admin`);
  await row(adas, bob).waitFor();
  await ada.admin.suspendUser({ userId: bob.id });
  await bobs.goto(url);
  await choose(bobs, FRESH);
  await bobs.getByText(WAS_USED).waitFor();
  // The list does not know it yet.
  await manage(adas, bob, "Create a recovery link");
  await adas.getByRole("dialog").getByText("This account is suspended.").waitFor();
  await adas.keyboard.press("Escape");
  await manage(adas, ada, "Suspend account");
  await adas.getByRole("dialog").getByText("Suspend your own account?").waitFor();
  await adas.getByRole("dialog").getByRole("button", { name: "Suspend account" }).click();
  await adas.getByRole("alert").getByText("You’re the only admin of this server.").waitFor();
});

for (const scheme of ["light", "dark"] as const) {
  test(`axe finds nothing on its pages, and they fit a narrow screen in both directions, ${scheme}`, async () => {
    const [ada, bob] = [await admin(), await w.person("Bob", "Bob Axe")];
    const options = { colorScheme: scheme, viewport: { width: 320, height: 700 } };
    const fits = (page: Page) => expect.poll(() => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
    const page = await w.window(undefined, options);
    await page.context().addInitScript(AXE);
    for (const language of ["en", "ar"]) {
      await page.goto(`${w.pages.url}/login`);
      await page.evaluate((language) => localStorage.setItem("causerie.prefs", JSON.stringify({ language })), language);
      await page.goto(`${w.pages.url}/recover#nothing`);
      await page.reload();
      await page.locator(".auth-card p").waitFor();
      await check(page, `incomplete, ${language}`);
      await page.goto(`${w.pages.url}/recover#nothing`);
      await page.locator("input[name=again]").waitFor();
      await check(page, `a new password, ${language}`);
      await fits(page);
    }
    const adas = await w.window(ada, options);
    await adas.context().addInitScript(AXE);
    await ada.admin.suspendUser({ userId: bob.id });
    await adas.goto(`${w.pages.url}/admin`);
    await row(adas, bob).getByText("Suspended", { exact: true }).waitFor();
    await check(adas, "a suspended account");
    await ada.admin.restoreUser({ userId: bob.id });
    await adas.reload();
    await manage(adas, bob, "Create a recovery link");
    await adas.getByRole("dialog").getByText("It works once").waitFor();
    await check(adas, "a link");
    await fits(adas);
  });
}
