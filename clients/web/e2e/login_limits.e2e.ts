// What someone is told whose guesses at a password are slowed down.

import { expect, test } from "vitest";

import { PASSWORD } from "./support/people";
import { world } from "./support/world";

const w = world({ env: { CAUSERIE_AUTH__FAILED_LOGINS_PER_NAME_PER_HOUR: "1" } });

test("who has to wait is told for how long, and comes in on a device that is known", async () => {
  const bob = await w.person("Bob");
  const page = await w.window(bob);
  await page.locator(".account-button").click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  const stranger = await w.window(undefined, { locale: "de-DE" });
  await stranger.goto(`${w.pages.url}/login`);
  await stranger.getByLabel("Benutzername").fill(bob.username);
  const guess = () => stranger.getByRole("button", { name: "Anmelden" }).click();
  await stranger.getByLabel("Passwort", { exact: true }).fill("a wrong one");
  await guess();
  await stranger.getByText("Benutzername oder Passwort ist falsch.").waitFor();
  await guess();
  await stranger.getByText(/^Zu viele Versuche\. Versuche es in \d+ Minuten erneut\.$/).waitFor();
  await page.getByLabel("Username").fill(bob.username);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("navigation", { name: "Rooms" }).waitFor();
  expect(await stranger.getByRole("alert").count()).toBe(1);
});
