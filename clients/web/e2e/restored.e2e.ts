// A backup that is put back: what is newer than it is gone, and pages that know more begin anew.

import { expect, test } from "vitest";

import { bubble, composer, enter, say, world } from "./support/world";

const w = world({ link: true });

test("a page that knows more than the server has shows what there is, and sends what waits", async () => {
  const [ada, bob] = [await w.person("Ada"), await w.person("Bob")];
  const name = "Restored";
  const room = await ada.room(name);
  await bob.rooms.joinRoom({ roomId: room });
  for (let i = 1; i <= 5; i++) await ada.say(room, `Line ${i}.`);
  const page = await w.window(bob);
  await enter(page, name);
  await bubble(page, "Line 5.").waitFor();
  await w.server.stop();
  const restore = w.server.backup();
  await w.server.start();

  const lost = await ada.room("Lost");
  await bob.rooms.joinRoom({ roomId: lost });
  for (let i = 1; i <= 30; i++) await ada.say(room, `Gone ${i}.`);
  await bubble(page, "Gone 30.").waitFor();
  const rooms = page.getByRole("navigation", { name: "Rooms" });
  await rooms.getByRole("link", { name: /Lost/ }).waitFor();

  await w.server.stop();
  await composer(page).waitFor();
  await say(page, "Written meanwhile.");
  await page.locator(".msg-waiting", { hasText: "Written meanwhile." }).waitFor();
  restore();
  await w.server.start();
  await page.locator(".connection-bar").waitFor({ state: "detached" });
  await bubble(page, "Written meanwhile.").waitFor();
  await bubble(page, "Gone").first().waitFor({ state: "detached" });
  await rooms.getByRole("link", { name: /Lost/ }).waitFor({ state: "detached" });
  expect(page.url()).toContain(room);

  await ada.say(room, "And on it goes.");
  await bubble(page, "And on it goes.").waitFor();
  const shown = () => page.locator(".msg .bubble").allInnerTexts();
  const before = await shown();
  expect(before.filter((text) => text.startsWith("Line"))).toEqual([1, 2, 3, 4, 5].map((i) => `Line ${i}.`));
  await page.reload();
  await bubble(page, "And on it goes.").waitFor();
  await expect.poll(shown).toEqual(before);
});
