// What is told while nobody looks.

import type { Page } from "playwright-core";
import { expect, test } from "vitest";

import { afterwards, world } from "./support/world";

const w = world();

/** Has the pages of a window keep what they tell, as if another window had the focus. */
async function listen(page: Page): Promise<void> {
  await page.context().addInitScript(() => {
    const told: string[] = [];
    Object.defineProperty(window, "told", { value: told });
    const fake = function (this: object, title: string, { body }: NotificationOptions = {}) {
      told.push(`${title}: ${body ?? ""}`);
    };
    Object.defineProperty(fake, "permission", { value: "granted" });
    Object.defineProperty(fake, "requestPermission", { value: () => Promise.resolve("granted") });
    Object.defineProperty(window, "Notification", { value: fake });
    document.hasFocus = () => false;
  });
}

const told = async (...pages: Page[]) =>
  (await Promise.all(pages.map((it) => it.evaluate(() => (window as unknown as { told: string[] }).told)))).flat();

test("a message that arrives while nobody looks is notified once, in one of two tabs", async () => {
  const [ada, bob] = [await w.person("Ada", "Ada Notifies"), await w.person("Bob")];
  const { room } = await ada.rooms.openDirectRoom({ userId: bob.id });
  const loud = await ada.room("Loud room");
  await bob.rooms.joinRoom({ roomId: loud });
  const page = await w.window(bob, { permissions: ["notifications"] });
  await listen(page);
  await page.goto(`${w.pages.url}/settings/notifications`);
  await page.getByLabel("Direct messages and mentions").check();
  const second = await page.context().newPage();
  await second.goto(`${w.pages.url}/directory`);
  await second.getByRole("link", { name: /Ada Notifies/ }).waitFor();
  await afterwards(page, "Settings");
  await ada.say(loud, "not of interest");
  await ada.say(room?.id ?? "", "are **you** there?");
  await second.getByLabel("1 unread message").nth(1).waitFor();
  await expect.poll(() => told(page, second)).toEqual(["Ada Notifies: are you there?"]);
});

test("who writes is told by name, also someone who was never seen before; a file by its name", async () => {
  const [ada, bob] = [await w.person("Ada", "Ada Unseen"), await w.person("Bob")];
  const room = await bob.room("Full of strangers");
  await ada.rooms.joinRoom({ roomId: room });
  const page = await w.window(bob, { permissions: ["notifications"] });
  await listen(page);
  await page.goto(`${w.pages.url}/settings/notifications`);
  await page.getByLabel("All messages").check();
  await afterwards(page, "Settings");
  const attachmentIds = [await ada.upload("plan.txt", Buffer.from("a plan"))];
  await ada.chat.sendMessage({ roomId: room, clientMessageId: "a-plan", attachmentIds });
  await expect.poll(() => told(page)).toEqual(["Ada Unseen · Full of strangers: plan.txt"]);
});
