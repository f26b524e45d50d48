// A backup that is put back: what is newer than it is gone, and pages that know more begin anew.

import { expect, test } from "vitest";

import { bubble, composer, openRoom, say, useMessageAction, world } from "./support/world";

const w = world({ link: true });

test("a page that knows more than the server has shows what there is, and sends what waits", async () => {
  const [ada, bob] = [await w.person("Ada"), await w.person("Bob")];
  const name = "Restored";
  const room = await ada.room(name);
  await bob.rooms.joinRoom({ roomId: room });
  for (let i = 1; i <= 5; i++) await ada.say(room, `Line ${i}.`);
  const page = await w.window(bob);
  await openRoom(page, name);
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
  await page.locator(".msg-pending", { hasText: "Written meanwhile." }).waitFor();
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

test("what was begun, queued and deleted before acts on nothing of the restored server", async () => {
  const [ada, bob] = [await w.person("Ada"), await w.person("Bob")];
  const [name, second] = ["Older", "Other work"];
  const [room, other] = [await ada.room(name), await ada.room(second)];
  for (const id of [room, other]) await bob.rooms.joinRoom({ roomId: id });
  for (let i = 1; i <= 3; i++) await ada.say(room, `Line ${i}.`);
  const page = await w.window(bob);
  await openRoom(page, name);
  await bubble(page, "Line 3.").waitFor();
  await w.server.stop();
  const restore = w.server.backup();
  await w.server.start();

  await ada.say(room, "A lost question?");
  const mine = await bob.say(room, "Lost words of mine.");
  await bob.say(room, "To be deleted.");
  await ada.say(room, "A lost root.");
  await bob.say(other, "Mine elsewhere.");
  await bubble(page, "A lost root.").waitFor();
  await openRoom(page, second);
  await bubble(page, "Mine elsewhere.").waitFor();
  await useMessageAction(page, "Mine elsewhere.", "More actions");
  await page.getByRole("menuitem", { name: "Edit", exact: true }).click();
  await composer(page).fill("Mine elsewhere, edited.");
  await openRoom(page, name);

  await w.server.stop();
  await useMessageAction(page, "A lost question?", "Reply");
  await say(page, "A queued answer.");
  await page.locator(".msg-pending", { hasText: "A queued answer." }).waitFor();
  await useMessageAction(page, "To be deleted.", "More actions");
  await page.getByRole("menuitem", { name: "Delete" }).click();
  await page.getByRole("button", { name: "Undo" }).waitFor();
  await useMessageAction(page, "Lost words of mine.", "More actions");
  await page.getByRole("menuitem", { name: "Edit", exact: true }).click();
  await composer(page).fill("Words worth keeping.");
  restore();
  await w.server.start();
  // What the positions are of that the page knows: one's own, so that they could be edited and deleted.
  for (let i = 1; i <= 8; i++) await bob.say(room, `Innocent ${i}.`);
  await page.locator(".connection-bar").waitFor({ state: "detached" });
  await bubble(page, "Innocent 8.").waitFor();

  const refused = page.locator(".msg-refused", { hasText: "A queued answer." });
  await refused.getByText("The message that it replies to is gone").waitFor();
  expect(await composer(page).inputValue()).toBe("Words worth keeping.");
  expect(await page.getByRole("button", { name: "Save" }).count()).toBe(0);
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await bubble(page, "Words worth keeping.").waitFor();
  await refused.getByRole("button", { name: "Send again" }).click();
  await bubble(page, "A queued answer.").waitFor();
  await openRoom(page, second);
  expect(await composer(page).inputValue()).toBe("Mine elsewhere, edited.");
  expect(await page.getByRole("button", { name: "Save" }).count()).toBe(0);

  const keys = () => page.evaluate(() => Object.keys(localStorage).filter((key) => /doomed|outbox/.test(key)));
  await expect.poll(keys).toEqual([]);
  const { messages } = await ada.chat.listMessages({ roomId: room });
  const texts = messages.flatMap(({ content }) => (content.case === "text" ? [content.value] : []));
  const innocent = Array.from({ length: 8 }, (_, i) => `Innocent ${i + 1}.`);
  expect(texts).toEqual(["Line 1.", "Line 2.", "Line 3.", ...innocent, "Words worth keeping.", "A queued answer."]);
  expect(messages.filter(({ editedAt, replyToSeq }) => editedAt || replyToSeq)).toEqual([]);
  expect(mine).toBeLessThan(Number(messages.at(-1)?.seq));
});
