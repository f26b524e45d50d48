// The members of a room: a long list of them, and what one may do with whom.

import { expect, test } from "vitest";

import type { Person } from "./support/people";
import { bubble, composer, enter, world } from "./support/world";

const w = world();

/** People who are in a room, many of them. */
async function crowd(owner: Person, room: string, count: number): Promise<void> {
  // As many at once as the server makes accounts at once.
  for (let left = count; left > 0; left -= 8) {
    const some = await Promise.all(Array.from({ length: Math.min(left, 8) }, () => w.person("Crowd")));
    await owner.rooms.addMembers({ roomId: room, userIds: some.map(({ id }) => id) });
  }
}

test("a long list of members stays where one is in it, whoever comes and goes", async () => {
  const [ada, zoe, anna] = [await w.person("Ada"), await w.person("Zoe", "Zoe Last"), await w.person("Anna", "Anna Early")];
  const room = await ada.room("Long list");
  await crowd(ada, room, 160);
  await zoe.rooms.joinRoom({ roomId: room });
  const page = await w.window(ada);
  await enter(page, "Long list");
  const rows = page.locator(".members .member");
  const last = rows.filter({ hasText: "Zoe Last" });
  await rows.nth(99).scrollIntoViewIfNeeded();
  await page.locator(".members-scroll").evaluate((it) => (it.scrollTop = it.scrollHeight));
  await last.focus();
  await last.scrollIntoViewIfNeeded();
  await anna.rooms.joinRoom({ roomId: room });
  await rows.filter({ hasText: "Anna Early" }).waitFor();
  await expect.poll(() => rows.count()).toBe(163);
  expect(await last.evaluate((it) => it === document.activeElement)).toBe(true);
  await zoe.rooms.leaveRoom({ roomId: room });
  await last.waitFor({ state: "detached" });
  expect(await rows.count()).toBe(162);
});

test("a member is found by the beginning of their name, also one far down", async () => {
  const [ada, zoe] = [await w.person("Ada"), await w.person("Zoe", "Zoe Sought")];
  const room = await ada.room("Needle");
  await crowd(ada, room, 101);
  await zoe.rooms.joinRoom({ roomId: room });
  const page = await w.window(ada);
  await enter(page, "Needle");
  const rows = page.locator(".members .member");
  await rows.nth(99).waitFor();
  await page.getByRole("searchbox", { name: "Find a member" }).fill("zoe s");
  await expect.poll(() => rows.allInnerTexts().then((all) => all.map((it) => it.includes("Zoe Sought")))).toEqual([true]);
  await page.getByRole("searchbox", { name: "Find a member" }).fill("nobody at all");
  await page.getByText("Nobody found.").waitFor();
});

test("who is muted is offered nothing that the server refuses, until it ends by itself", async () => {
  const [ada, bob] = [await w.person("Ada"), await w.person("Bob", "Bob Muted")];
  const room = await ada.room("Hush");
  await bob.rooms.joinRoom({ roomId: room });
  const own = await bob.say(room, "mine, from before");
  await ada.chat.addReaction({ roomId: room, seq: BigInt(own), emoji: "👍" });
  await ada.say(room, "an answer", own);
  const page = await w.window(bob);
  await enter(page, "Hush");
  const thread = page.getByRole("complementary", { name: "Thread" });
  await bubble(page, "mine, from before").getByRole("button", { name: "1 reply" }).click();
  await thread.locator("textarea").waitFor();
  await page.clock.install();
  await ada.rooms.muteMember({ roomId: room, userId: bob.id, duration: { seconds: 3600n } });
  await page.getByText("You are muted here until").waitFor();
  await thread.locator("textarea").waitFor({ state: "detached" });
  const message = page.locator(".room-main").locator(".msg", { hasText: "mine, from before" });
  await expect.poll(() => message.getByRole("button", { name: "Add reaction" }).count()).toBe(0);
  // Nobody tells of its end.
  await page.clock.fastForward("01:00:01");
  await composer(page).first().waitFor();
  await thread.locator("textarea").waitFor();
  await expect.poll(() => message.locator(".reactions").getByRole("button", { name: "Add reaction" }).count()).toBe(1);
  await ada.rooms.muteMember({ roomId: room, userId: bob.id, duration: { seconds: 36_000n } });
  await thread.locator("textarea").waitFor({ state: "detached" });
  await message.hover();
  await message.getByRole("button", { name: "More about this message" }).click();
  await page.getByRole("menuitem", { name: "Copy text" }).waitFor();
  expect(await page.getByRole("menuitem").allInnerTexts()).toEqual(["Copy text", "Copy link", "Mark unread from here", "Read by", "Who reacted"]);
});
