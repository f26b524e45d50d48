// Who may make an account: anybody, whoever has an invite, nobody.

import type { Page } from "playwright-core";
import { expect, test } from "vitest";

import { SignUpPolicy } from "../src/gen/causerie/v1/auth_pb";
import { PASSWORD, type Person } from "./support/people";
import { composer, world } from "./support/world";

const w = world();

/** The first account of the server is its admin; all tests here share it. */
let first: Promise<Person> | undefined;
const admin = () => (first ??= w.person("Ada", "Ada Admin"));
const set = async (signUpPolicy: SignUpPolicy) => (await admin()).admin.updateServerSettings({ signUpPolicy });

let count = 0;
const path = (page: Page) => expect.poll(() => new URL(page.url()).pathname);
const field = (page: Page, label: string) => page.getByLabel(label, { exact: true });

async function signUp(page: Page): Promise<void> {
  await field(page, "Username").fill(`guest${++count}`);
  await field(page, "Password").fill(PASSWORD);
  await field(page, "Confirm password").fill(PASSWORD);
  await page.getByRole("button", { name: "Create account" }).click();
}

async function invited(name: string): Promise<{ room: string; code: string }> {
  const ada = await admin();
  const room = await ada.room(name);
  return { room, code: (await ada.rooms.createInvite({ roomId: room })).invite?.code ?? "" };
}

test("an admin chooses who may make an account, which is kept", async () => {
  const page = await w.window(await admin());
  await page.goto(`${w.pages.url}/admin`);
  const choice = (name: string) => page.getByRole("group", { name: "Who can create an account" }).getByRole("radio", { name });
  await expect.poll(() => choice("Anyone").first().isChecked()).toBe(true);
  await choice("No one").check();
  await page.getByText("Saved").waitFor();
  await page.reload();
  await expect.poll(() => choice("No one").isChecked()).toBe(true);
  await choice("Anyone with an invite link").check();
  await expect.poll(async () => (await (await admin()).admin.getServerSettings({})).settings?.signUpPolicy).toBe(SignUpPolicy.INVITE);
  await choice("Anyone").first().check();
  await expect.poll(async () => (await (await admin()).admin.getServerSettings({})).settings?.signUpPolicy).toBe(SignUpPolicy.OPEN);
});

test("where nobody may, the door has no way there, and the page says so without a form", async () => {
  const { code } = await invited("Closed party");
  await set(SignUpPolicy.CLOSED);
  const page = await w.window(undefined);
  const known = page.waitForResponse(/GetServerInfo/);
  await page.goto(`${w.pages.url}/login`);
  await page.getByRole("button", { name: "Sign in" }).waitFor();
  await known;
  expect(await page.getByRole("link", { name: "Create account" }).count()).toBe(0);
  await page.goto(`${w.pages.url}/register`);
  await page.getByRole("heading", { name: "No new accounts" }).waitFor();
  await page.getByText("Accounts cannot be created on this server at the moment.").waitFor();
  expect(await page.getByRole("textbox").count()).toBe(0);
  await page.goto(`${w.pages.url}/invite/${code}`);
  await page.getByText("Sign in to join.").waitFor();
});

test("where an invite is needed, the page says so, and by one there is a form that leads into the room", async () => {
  const { room, code } = await invited("Invited party");
  await set(SignUpPolicy.INVITE);
  const page = await w.window(undefined);
  await page.goto(`${w.pages.url}/login`);
  await page.getByRole("link", { name: "Create account" }).click();
  await page.getByText("you need an invite link to a room").waitFor();
  expect(await page.getByRole("textbox").count()).toBe(0);
  await page.goto(`${w.pages.url}/invite/${code}`);
  await page.getByRole("link", { name: "Create account" }).click();
  await page.getByText("You’ve been invited to a room").waitFor();
  await expect.poll(() => page.evaluate(() => (document.activeElement as HTMLInputElement).name)).toBe("username");
  await signUp(page);
  await path(page).toBe(`/rooms/${room}`);
  await page.getByRole("heading", { name: "Invited party", level: 1 }).waitFor();
  await composer(page).waitFor();
  // Back leads to no invitation that is accepted already.
  await page.goBack();
  await path(page).not.toContain("invite");
});

test("an invite that is gone is told where one is needed, and where none is, the account is made without it", async () => {
  const { code } = await invited("Cancelled party");
  await (await admin()).rooms.revokeInvite({ code });
  const page = await w.window(undefined);
  for (const gone of [code, "no-such-code"]) {
    await set(SignUpPolicy.INVITE);
    await page.goto(`${w.pages.url}/invite/${gone}`);
    await page.getByRole("link", { name: "Create account" }).click();
    await signUp(page);
    await page.getByText("This invite is no longer valid.").waitFor();
  }
  await set(SignUpPolicy.OPEN);
  await page.goto(`${w.pages.url}/invite/${code}`);
  await page.getByRole("link", { name: "Create account" }).click();
  await signUp(page);
  await page.getByText("The invite no longer works. You can create the account without it.").waitFor();
  await page.getByRole("button", { name: "Create account" }).click();
  await page.getByRole("navigation", { name: "Rooms" }).waitFor();
  await path(page).toBe("/");
});

test("where it is closed while someone fills the form, the page says so", async () => {
  await set(SignUpPolicy.OPEN);
  const page = await w.window(undefined);
  await page.goto(`${w.pages.url}/register`);
  await field(page, "Username").waitFor();
  await set(SignUpPolicy.CLOSED);
  await signUp(page);
  await page.getByText("Accounts cannot be created on this server at the moment.").waitFor();
  await set(SignUpPolicy.OPEN);
});
