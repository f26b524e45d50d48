// Forms: what they say of what is wrong, and that what they save is saved.

import type { Page } from "playwright-core";
import { expect, test } from "vitest";

import { PASSWORD } from "./support/people";
import { openRoom, world } from "./support/world";

const w = world();

const PHONE = { viewport: { width: 390, height: 560 }, hasTouch: true };
const field = (page: Page, label: string) => page.getByLabel(label, { exact: true });
const focused = (page: Page) => expect.poll(() => page.evaluate(() => (document.activeElement as HTMLInputElement).name));
const register = (page: Page) => page.getByRole("button", { name: "Create account" }).click();

test("an account is made with an e-mail, of which the form says what it is for, and its owner signs in by name", async () => {
  const page = await w.window(undefined, PHONE);
  await page.goto(`${w.pages.url}/login`);
  await page.getByRole("link", { name: "Create account" }).tap();
  await page.getByRole("heading", { name: "Create your account" }).waitFor();
  await focused(page).toBe("username");
  await page.keyboard.type("grace");
  await page.locator(".field", { has: page.getByLabel(/^Email/) }).getByText("It is not confirmed, and not used to sign in.").waitFor();
  await page.getByLabel(/^Email/).fill("grace@example.org");
  const password = field(page, "Password");
  await password.fill("short");
  await page.getByText("Too short: 5 of 8 characters.").waitFor();
  await password.fill("grace123");
  await page.getByText("Too similar to your username. Choose something else.").waitFor();
  await password.fill("password1");
  await page.getByText("Long enough.").waitFor();
  await field(page, "Confirm password").fill("password2");
  await register(page);
  await page.getByText("Passwords don’t match.").waitFor();
  await focused(page).toBe("again");
  // Only the server knows how easily it is guessed.
  await field(page, "Confirm password").fill("password1");
  await register(page);
  await page.getByText("Passwords must be 8–256 characters and hard to guess.").waitFor();
  await focused(page).toBe("password");
  expect(await page.getByText("Passwords don’t match.").count()).toBe(0);
  await password.fill(PASSWORD);
  await field(page, "Confirm password").fill(PASSWORD);
  await register(page);
  await page.getByRole("navigation", { name: "Rooms" }).waitFor();

  const other = await w.window(undefined);
  await other.goto(`${w.pages.url}/login`);
  await other.getByLabel("Username").fill("grace@example.org");
  await field(other, "Password").fill(PASSWORD);
  await other.getByRole("button", { name: "Sign in" }).click();
  await other.getByText("Incorrect username or password.").waitFor();
  await other.getByLabel("Username").fill("Grace");
  await other.getByRole("button", { name: "Sign in" }).click();
  await other.getByRole("navigation", { name: "Rooms" }).waitFor();
  await other.locator(".account-name", { hasText: "grace" }).waitFor();
  await other.goto(`${w.pages.url}/settings`);
  await expect.poll(() => other.getByLabel(/^Email/).inputValue()).toBe("grace@example.org");
  await other.getByText("It is not confirmed, and not used to sign in.").waitFor();
});

test("a username that is taken is told at its field", async () => {
  const { username } = await w.person("Ada");
  const page = await w.window(undefined);
  await page.goto(`${w.pages.url}/register`);
  await field(page, "Username").fill(username);
  await field(page, "Password").fill(PASSWORD);
  await field(page, "Confirm password").fill(PASSWORD);
  await register(page);
  await page.locator(".field", { has: field(page, "Username") }).getByText("This username is already taken.").waitFor();
  await focused(page).toBe("username");
  expect(await page.locator(".form-error").count()).toBe(0);
});

test("on a phone the field that was refused is shown, wherever the button is", async () => {
  const page = await w.window(undefined, PHONE);
  await page.goto(`${w.pages.url}/register`);
  await page.getByLabel("Username").fill("no such name!");
  await field(page, "Password").fill(PASSWORD);
  await field(page, "Confirm password").fill(PASSWORD);
  await register(page);
  await page.getByText("Usernames must be 3–32 characters").waitFor();
  await focused(page).toBe("username");
  const box = await page.getByLabel("Username").boundingBox();
  expect(box && box.y >= 0 && box.y < 560).toBe(true);
});

test("a password is changed by who knows the old one, and ends the other sessions", async () => {
  const ada = await w.person("Ada");
  const [here, there] = [await w.window(ada), await w.window(ada)];
  await here.goto(`${w.pages.url}/settings/password`);
  const fresh = "seven-lamps-under-snow";
  const change = async (old: string, next: string, again: string) => {
    await field(here, "Current password").fill(old);
    await field(here, "New password").fill(next);
    await field(here, "Confirm new password").fill(again);
    await here.locator("form").getByRole("button", { name: "Change password" }).click();
  };
  await change(PASSWORD, fresh, "something else");
  await here.getByText("Passwords don’t match.").waitFor();
  await change("not-the-old-one", fresh, fresh);
  await here.getByText("Your current password is incorrect.").waitFor();
  await change(PASSWORD, "password1", "password1");
  await here.getByText("Your new password must be 8–256 characters, hard to guess").waitFor();
  await focused(here).toBe("new");
  await change(PASSWORD, fresh, fresh);
  await here.getByText(/Password changed\. Signed out of \d+ other sessions?\./).waitFor();
  await there.getByText("Your session has ended. Please sign in again.").waitFor();
  await there.getByLabel("Username").fill(ada.username);
  await field(there, "Password").fill(fresh);
  await there.getByRole("button", { name: "Sign in" }).click();
  await there.getByRole("navigation", { name: "Rooms" }).waitFor();
});

test("one's name, status and words about oneself are saved, and others see them", async () => {
  const [ada, bob] = [await w.person("Ada", "Ada Before"), await w.person("Bob")];
  const room = await ada.room("Profiles");
  await bob.rooms.joinRoom({ roomId: room });
  const [adas, bobs] = [await w.window(ada), await w.window(bob)];
  await openRoom(bobs, "Profiles");
  await adas.goto(`${w.pages.url}/settings`);
  await field(adas, "Display name").fill("Ada After");
  await field(adas, "Status").fill("writing notes");
  await field(adas, "About you").fill("I weave\nalgebra.");
  await adas.getByLabel(/^Email/).fill("ada@example.org");
  await adas.getByRole("button", { name: "Save" }).click();
  await adas.getByText("Saved", { exact: true }).waitFor();
  await bobs.locator(".panel .member", { hasText: "Ada Before" }).click();
  await bobs.getByRole("dialog", { name: "Ada After’s profile" }).getByText("I weave").waitFor();
  await bobs.locator(".panel .member", { hasText: "Ada After" }).getByText("writing notes").waitFor();
  await adas.reload();
  await expect.poll(() => field(adas, "About you").inputValue()).toBe("I weave\nalgebra.");
  await expect.poll(() => adas.getByLabel(/^Email/).inputValue()).toBe("ada@example.org");
});

test("a single session is ended by its own button, and the list keeps the focus", async () => {
  const ada = await w.person("Ada");
  const [here, there, third] = [await w.window(ada), await w.window(ada), await w.window(ada)];
  await third.locator(".account-name").waitFor();
  await here.goto(`${w.pages.url}/settings/sessions`);
  const rows = here.locator(".settings-card li");
  // The test's own client is one of them too.
  await expect.poll(() => rows.count()).toBe(4);
  await rows.filter({ hasNotText: "This device" }).filter({ hasText: "Chrome" }).first().getByRole("button", { name: "Sign out", exact: true }).click();
  await expect.poll(() => rows.count()).toBe(3);
  await expect.poll(() => here.evaluate(() => document.activeElement?.tagName)).toBe("UL");
  const ended = async (page: Page) => (await page.getByText("Your session has ended.").count()) === 1;
  await expect.poll(async () => [await ended(there), await ended(third)].filter(Boolean).length).toBe(1);
});
