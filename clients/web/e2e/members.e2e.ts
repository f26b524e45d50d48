// The members of a room: a long list of them, and what one may do with whom.

import { expect, test } from "vitest";

import type { Person } from "./support/people";
import { bubble, composer, openRoom, world } from "./support/world";

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
  await openRoom(page, "Long list");
  const rows = page.locator(".panel .member");
  const last = rows.filter({ hasText: "Zoe Last" });
  await rows.nth(99).scrollIntoViewIfNeeded();
  await page.locator(".panel-scroll").evaluate((it) => (it.scrollTop = it.scrollHeight));
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
  await openRoom(page, "Needle");
  const rows = page.locator(".panel .member");
  await rows.nth(99).waitFor();
  await page.getByRole("searchbox", { name: "Search members" }).fill("zoe s");
  await expect.poll(() => rows.allInnerTexts().then((all) => all.map((it) => it.includes("Zoe Sought")))).toEqual([true]);
  await page.getByRole("searchbox", { name: "Search members" }).fill("nobody at all");
  await page.getByText("No people found.").waitFor();
});

test("who is muted is offered nothing that the server refuses, until it ends by itself", async () => {
  const [ada, bob] = [await w.person("Ada"), await w.person("Bob", "Bob Muted")];
  const room = await ada.room("Hush");
  await bob.rooms.joinRoom({ roomId: room });
  const own = await bob.say(room, "mine, from before");
  await ada.chat.addReaction({ roomId: room, seq: BigInt(own), emoji: "👍" });
  await ada.say(room, "an answer", own);
  const page = await w.window(bob);
  await openRoom(page, "Hush");
  const thread = page.getByRole("complementary", { name: "Thread" });
  await bubble(page, "mine, from before").getByRole("button", { name: "1 reply" }).click();
  await thread.locator("textarea").waitFor();
  await page.clock.install();
  await ada.rooms.muteMember({ roomId: room, userId: bob.id, duration: { seconds: 3600n } });
  await page.getByText("You’re muted in this room until").waitFor();
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
  await message.getByRole("button", { name: "More actions" }).click();
  await page.getByRole("menuitem", { name: "Copy text" }).waitFor();
  expect(await page.getByRole("menuitem").allInnerTexts()).toEqual(["Copy text", "Copy link", "Mark as unread from here", "Read by", "Reactions"]);
});

test("an owner hands a room over, and steps down only once there is another owner", async () => {
  const [ada, bob] = [await w.person("Ada", "Ada Founder"), await w.person("Bob", "Bob Heir")];
  const room = await ada.room("Heirloom");
  await bob.rooms.joinRoom({ roomId: room });
  const page = await w.window(ada);
  await openRoom(page, "Heirloom");
  const row = (name: string) => page.locator(".panel .member", { hasText: name });
  const manage = async (name: string, item: string) => {
    await row(name).click();
    await page.getByRole("dialog", { name: `${name}’s profile` }).getByRole("button", { name: "Manage" }).click();
    await page.getByRole("menuitem", { name: item }).click();
    return page.getByRole("dialog", { name: item });
  };
  const refused = await manage("Ada Founder", "Step down to admin");
  await refused.getByText("You’ll no longer be an owner of “Heirloom”.").waitFor();
  await refused.getByRole("button", { name: "Step down to admin" }).click();
  await refused.getByRole("alert").getByText("You’re the only owner of this room. Make someone else an owner first.").waitFor();
  await refused.getByRole("button", { name: "Cancel" }).click();
  await page.keyboard.press("Escape");
  const given = await manage("Bob Heir", "Make owner");
  await given.getByText("Make Bob Heir an owner of “Heirloom”?").waitFor();
  await given.getByRole("button", { name: "Make owner" }).click();
  await given.waitFor({ state: "detached" });
  await page.keyboard.press("Escape");
  await row("Bob Heir").getByText("Owner").waitFor();
  const done = await manage("Ada Founder", "Step down to member");
  await done.getByRole("button", { name: "Step down to member" }).click();
  await done.waitFor({ state: "detached" });
  // What an owner does is offered no more.
  const card = page.getByRole("dialog", { name: "Ada Founder’s profile" });
  await card.getByRole("button", { name: "Manage" }).waitFor({ state: "detached" });
  await page.keyboard.press("Escape");
  await row("Ada Founder").getByText("Owner").waitFor({ state: "detached" });
  await page.getByRole("log").getByText("Ada Founder stepped down from owner to member").waitFor();
  const { members } = await bob.rooms.listMembers({ roomId: room });
  expect(members.map((it) => [it.user?.id, it.role])).toEqual(expect.arrayContaining([[ada.id, 1], [bob.id, 3]]));
});

test("a member is taken out of a room, and leaves one, after a question", async () => {
  const [ada, bob] = [await w.person("Ada"), await w.person("Bob", "Bob Guest")];
  const room = await ada.room("Front door");
  await bob.rooms.joinRoom({ roomId: room });
  const [adas, bobs] = [await w.window(ada), await w.window(bob)];
  await openRoom(adas, "Front door");
  await openRoom(bobs, "Front door");
  await adas.locator(".panel .member", { hasText: "Bob Guest" }).click();
  await adas.getByRole("button", { name: "Manage" }).click();
  await adas.getByRole("menuitem", { name: "Remove from room" }).click();
  const question = adas.getByRole("dialog", { name: "Remove from room" });
  await question.getByText("Remove Bob Guest from “Front door”?").waitFor();
  await question.getByRole("button", { name: "Remove from room" }).click();
  await bobs.getByRole("button", { name: "Join room" }).click();
  await composer(bobs).waitFor();
  await adas.keyboard.press("Escape");
  await adas.getByRole("log").getByText("removed Bob Guest").waitFor();

  const leave = bobs.getByRole("dialog", { name: "Leave room" });
  for (const answer of ["Cancel", "Leave room"]) {
    await bobs.getByRole("button", { name: "Room menu" }).click();
    await bobs.getByRole("menuitem", { name: "Leave room" }).click();
    await leave.getByText("Leave “Front door”? You can rejoin anytime.").waitFor();
    await leave.getByRole("button", { name: answer }).click();
    await leave.waitFor({ state: "detached" });
  }
  await bobs.getByRole("navigation", { name: "Rooms" }).getByRole("link", { name: /Front door/ }).waitFor({ state: "detached" });
  await adas.getByRole("log").getByText("Bob Guest left").waitFor();
  // Its only owner cannot, while others are in it.
  await bob.rooms.joinRoom({ roomId: room });
  await adas.getByRole("button", { name: "Room menu" }).click();
  await adas.getByRole("menuitem", { name: "Leave room" }).click();
  await adas.getByRole("dialog").getByRole("button", { name: "Leave room" }).click();
  await adas.getByRole("alert").getByText("You’re the only owner of this room. Make someone else an owner before you leave.").waitFor();
});

test("a room gets another name and topic, which a phone shows above its members", async () => {
  const [ada, bob] = [await w.person("Ada"), await w.person("Bob", "Bob Phone")];
  const room = await ada.room("Old name");
  await bob.rooms.joinRoom({ roomId: room });
  const [adas, bobs] = [await w.window(ada), await w.window(bob, { viewport: { width: 390, height: 700 }, hasTouch: true })];
  await openRoom(adas, "Old name");
  await openRoom(bobs, "Old name");
  await adas.getByRole("button", { name: "Room menu" }).click();
  await adas.getByRole("menuitem", { name: "Edit room" }).click();
  const dialog = adas.getByRole("dialog", { name: "Edit room" });
  const topic = "Everything that is too long for the head of a page on a phone, and worth reading all the same";
  await dialog.getByLabel("Name").fill("New name");
  await dialog.getByLabel("Topic").fill(topic);
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.waitFor({ state: "detached" });
  await bobs.getByRole("heading", { name: "New name", level: 1 }).waitFor();
  await bobs.getByRole("log").getByText("renamed the room to “New name”").waitFor();
  await bobs.getByRole("button", { name: "Show members" }).tap();
  const members = bobs.getByRole("complementary", { name: "Members" });
  await members.getByText(topic).waitFor();
  await members.locator(".member").nth(1).waitFor();
  // What it covers is out of reach.
  expect(await composer(bobs).evaluate((it) => (it.focus(), document.activeElement === it))).toBe(false);
  await members.getByRole("button", { name: "Close" }).tap();
  await bobs.getByRole("log").waitFor();
  await expect.poll(() => bobs.evaluate(() => document.activeElement?.getAttribute("aria-label"))).toBe("Show members");
});
