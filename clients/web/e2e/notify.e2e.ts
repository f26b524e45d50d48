// What is told while nobody looks.

import { expect, test } from "vitest";

import { world } from "./support/world";

const w = world();

test("a message that arrives while nobody looks is notified once, in one of two tabs", async () => {
  const [ada, bob] = [await w.person("Ada", "Ada Notifies"), await w.person("Bob")];
  const { room } = await ada.rooms.openDirectRoom({ userId: bob.id });
  const loud = await ada.room("Loud room");
  await bob.rooms.joinRoom({ roomId: loud });
  const page = await w.window(bob, { permissions: ["notifications"] });
  await page.context().addInitScript(() => {
    const told: string[] = [];
    Object.defineProperty(window, "told", { value: told });
    const fake = function (this: object, title: string, { body }: NotificationOptions = {}) {
      told.push(`${title}: ${body ?? ""}`);
    };
    Object.defineProperty(fake, "permission", { value: "granted" });
    Object.defineProperty(fake, "requestPermission", { value: () => Promise.resolve("granted") });
    Object.defineProperty(window, "Notification", { value: fake });
    // As if another window had the focus.
    document.hasFocus = () => false;
  });
  await page.goto(`${w.pages.url}/settings/notifications`);
  await page.getByLabel("Direct messages only").check();
  await page.evaluate(() => localStorage.removeItem("causerie.attentive"));
  const second = await page.context().newPage();
  await second.goto(`${w.pages.url}/directory`);
  await second.getByRole("link", { name: /Ada Notifies/ }).waitFor();
  await ada.say(loud, "not of interest");
  await ada.say(room?.id ?? "", "are **you** there?");
  await second.getByLabel("1 unread message").nth(1).waitFor();
  const told = async () =>
    (await Promise.all([page, second].map((it) => it.evaluate(() => (window as unknown as { told: string[] }).told)))).flat();
  await expect.poll(told).toEqual(["Ada Notifies: are you there?"]);
});
