// What is said to people: what is wrong, and what has come.

import { expect, test } from "vitest";

import { PASSWORD } from "./support/people";
import { bubble, openRoom, world } from "./support/world";

const w = world();

const GERMAN = { Username: "Benutzername", Password: "Passwort", "Sign in": "Anmelden", Rooms: "Räume" };

test("what is wrong with a field or a search is told in the language of the page", async () => {
  const door = await w.window(undefined, { locale: "de-DE" });
  await door.goto(`${w.pages.url}/register`);
  await door.getByLabel("Benutzername").fill("_ada");
  await door.getByLabel("Passwort", { exact: true }).fill(PASSWORD);
  await door.getByLabel("Passwort wiederholen").fill(PASSWORD);
  await door.getByRole("button", { name: "Konto erstellen" }).click();
  await door.getByText("Benutzernamen müssen 3–32 Zeichen lang sein: Buchstaben a–z").waitFor();

  const ada = await w.person("Ada");
  const page = await w.window(ada, { locale: "de-DE" }, GERMAN);
  await page.goto(`${w.pages.url}/search/plan%20after:yesterday`);
  await page.getByText("ein Datum wie 2026-01-31").waitFor();
  w.clearComplaints();
});

test("what arrives is read out, the same words twice too, files by their names, and nothing of whom one blocks", async () => {
  const [ada, bob, eve] = [await w.person("Ada"), await w.person("Bob", "Bob Reads Out"), await w.person("Eve", "Eve Unheard")];
  const room = await ada.room("Aloud");
  for (const who of [bob, eve]) await who.rooms.joinRoom({ roomId: room });
  await ada.users.blockUser({ userId: eve.id });
  const page = await w.window(ada);
  await openRoom(page, "Aloud");
  await page.locator("[aria-live=polite].sr-only").first().waitFor({ state: "attached" });
  await page.evaluate(() => {
    const heard: string[] = [];
    Object.defineProperty(window, "heard", { value: heard });
    // A live region speaks what is added to it.
    new MutationObserver((changes) => {
      for (const { addedNodes } of changes) for (const node of addedNodes) heard.push(node.textContent ?? "");
    }).observe(document.querySelector("[aria-live=polite].sr-only")!, { childList: true });
  });
  const heard = () => page.evaluate(() => (window as unknown as { heard: string[] }).heard);
  await bob.say(room, "again");
  await bubble(page, "again").waitFor();
  await bob.say(room, "again");
  await bubble(page, "again").nth(1).waitFor();
  await eve.say(room, "listen to me");
  await page.getByText("Message from someone you blocked.").first().waitFor();
  const attachmentIds = [await bob.upload("ten bytes.txt", Buffer.from("0123456789"))];
  await bob.chat.sendMessage({ roomId: room, clientMessageId: "a-file", attachmentIds });
  await page.getByText("10 bytes").waitFor();
  await expect.poll(heard).toEqual(["Bob Reads Out: again", "Bob Reads Out: again", "Bob Reads Out: ten bytes.txt"]);
});

test("nothing of whom one blocks stands among the pins", async () => {
  const [ada, eve] = [await w.person("Ada"), await w.person("Eve", "Eve Pinned")];
  const room = await ada.room("Pins of others");
  await eve.rooms.joinRoom({ roomId: room });
  for (const text of ["first shout", "second shout"]) await ada.chat.pinMessage({ roomId: room, seq: BigInt(await eve.say(room, text)) });
  await ada.users.blockUser({ userId: eve.id });
  const page = await w.window(ada);
  await openRoom(page, "Pins of others");
  await page.locator(".pin-banner", { hasText: "Message from someone you blocked." }).waitFor();
  await page.getByRole("button", { name: "All 2" }).click();
  await page.locator(".pin-item", { hasText: "Message from someone you blocked." }).nth(1).waitFor();
  expect(await page.getByText("shout").count()).toBe(0);
});
