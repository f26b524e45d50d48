// Who is called, what was read, threads, and ways into a room.

import { expect, test } from "vitest";

import { bubble, openRoom, say, world } from "./support/world";

const w = world();

test("whom a message calls sees it in the text, in the sidebar and in the list of mentions", async () => {
  const [ada, bob] = [await w.person("Ada"), await w.person("Bob")];
  const room = await ada.room("Calls");
  await ada.room("Elsewhere");
  await bob.rooms.joinRoom({ roomId: room });
  const [adas, bobs] = [await w.window(ada), await w.window(bob)];
  await openRoom(adas, "Calls");
  await bobs.goto(`${w.pages.url}/directory`);
  await say(adas, `hello @${bob.username}, and @nobody.here`);
  const link = bobs.getByRole("navigation", { name: "Rooms" }).getByRole("link", { name: /Calls/ });
  await link.getByLabel("1 message mentions you").waitFor();
  await bobs.getByRole("link", { name: "Mentions", exact: true }).click();
  await bobs.locator(".message-card", { hasText: "hello" }).getByText("Go to message").click();
  // In the room, no more in the list.
  const log = bobs.getByRole("log");
  await log.locator(".mention-me", { hasText: `@${bob.username}` }).waitFor();
  expect(await log.locator(".mention").count()).toBe(1);
  await link.getByLabel("1 message mentions you").waitFor({ state: "detached" });
});

test("a message is sent, delivered and read", async () => {
  const [ada, bob] = [await w.person("Ada", "Ada Ticks"), await w.person("Bob", "Bob Ticks")];
  const { room } = await ada.rooms.openDirectRoom({ userId: bob.id });
  await bob.say(room?.id ?? "", "hi");
  const adas = await w.window(ada);
  await openRoom(adas, "Bob Ticks");
  await say(adas, "did you get this?");
  const ticks = () => adas.locator(".ticks").evaluateAll((all) => all.map((it) => it.getAttribute("aria-label")));
  await expect.poll(ticks).toEqual(["Sent"]);
  const bobs = await w.window(bob);
  await expect.poll(ticks).toEqual(["Delivered"]);
  await openRoom(bobs, "Ada Ticks");
  await expect.poll(ticks).toEqual(["Read"]);
});

test("each of one's own messages says how far it has come; in a group, how many have read the newest, and who", async () => {
  const [ada, bob, eve] = [await w.person("Ada"), await w.person("Bob", "Bob Marks"), await w.person("Eve")];
  const direct = (await ada.rooms.openDirectRoom({ userId: bob.id })).room?.id ?? "";
  const group = await ada.room("Marks");
  for (const who of [bob, eve]) await who.rooms.joinRoom({ roomId: group });
  const page = await w.window(ada);
  const ticks = () => page.locator(".ticks").evaluateAll((all) => all.map((it) => it.getAttribute("aria-label")));

  const seqs: bigint[] = [];
  for (const text of ["first", "second", "third"]) seqs.push(BigInt(await ada.say(direct, text)));
  await openRoom(page, "Bob Marks");
  await expect.poll(ticks).toEqual(["Sent", "Sent", "Sent"]);
  await bob.chat.markRead({ roomId: direct, seq: seqs[1]! });
  await expect.poll(ticks).toEqual(["Read", "Read", "Sent"]);
  await bob.chat.markDelivered({ roomId: direct, seq: seqs[2]! });
  await expect.poll(ticks).toEqual(["Read", "Read", "Delivered"]);

  const [one, two] = [BigInt(await ada.say(group, "for all")), BigInt(await ada.say(group, "for some"))];
  await openRoom(page, "Marks");
  // From here on it is told of marks.
  await page.getByText("3 members · 1 online").waitFor();
  await expect.poll(ticks).toEqual(["Sent", "Sent"]);
  await bob.chat.markRead({ roomId: group, seq: two });
  const reached = page.getByRole("button", { name: "Read by 1", exact: true });
  await reached.waitFor();
  expect(await ticks()).toEqual(["Sent", "Sent"]);
  await eve.chat.markRead({ roomId: group, seq: one });
  await expect.poll(ticks).toEqual(["Read", "Sent"]);
  await reached.click();
  await page.getByRole("dialog", { name: "Read by" }).getByText("Bob Marks").waitFor();
});

test("who comes and who goes is told in the log", async () => {
  const [ada, bob] = [await w.person("Ada"), await w.person("Bob", "Bob Passing")];
  const room = await ada.room("Doors");
  const page = await w.window(ada);
  await openRoom(page, "Doors");
  const log = page.getByRole("log");
  await log.getByText("Ada created the room").waitFor();
  await bob.rooms.joinRoom({ roomId: room });
  await log.getByText("Bob Passing joined").waitFor();
  await bob.rooms.leaveRoom({ roomId: room });
  await log.getByText("Bob Passing left").waitFor();
});

test("a room's head says how many are there, as they come and go", async () => {
  const [ada, bob] = [await w.person("Ada"), await w.person("Bob")];
  const room = await ada.room("Heads");
  await bob.rooms.joinRoom({ roomId: room });
  const adas = await w.window(ada);
  await openRoom(adas, "Heads");
  const head = adas.locator(".room-head-text");
  await head.getByText("2 members").waitFor();
  const bobs = await w.window(bob);
  await head.getByText("2 members · 2 online").waitFor();
  await bobs.context().close();
  await head.getByText("2 members · 1 online").waitFor();
});

test("answers in a thread stand apart, are counted under their message, and arrive live", async () => {
  const [ada, bob] = [await w.person("Ada"), await w.person("Bob")];
  const room = await ada.room("Threads");
  await bob.rooms.joinRoom({ roomId: room });
  await ada.say(room, "Where shall we meet?");
  const [adas, bobs] = [await w.window(ada), await w.window(bob)];
  await openRoom(adas, "Threads");
  await openRoom(bobs, "Threads");
  await bubble(bobs, "Where shall").hover();
  await bubble(bobs, "Where shall").getByRole("button", { name: "More actions" }).click();
  await bobs.getByRole("menuitem", { name: "Reply in thread" }).click();
  const field = bobs.getByRole("textbox", { name: "Reply…" });
  await field.fill("At the library");
  await field.press("Enter");
  await bobs.getByRole("log", { name: "Thread" }).getByText("At the library").waitFor();
  await adas.getByRole("button", { name: "1 reply" }).click();
  const thread = adas.getByRole("log", { name: "Thread" });
  await thread.getByText("At the library").waitFor();
  expect(await adas.getByRole("log", { name: "Messages in Threads" }).getByText("At the library").count()).toBe(0);
  const answer = adas.getByRole("textbox", { name: "Reply…" });
  await answer.fill("See you there");
  await answer.press("Enter");
  await bobs.getByRole("log", { name: "Thread" }).getByText("See you there").waitFor();
  await bobs.getByRole("button", { name: "2 replies" }).waitFor();
});

test("messages are found by their words, in all rooms and in one", async () => {
  const [ada, bob] = [await w.person("Ada"), await w.person("Bob")];
  const [here, there] = [await ada.room("Search here"), await ada.room("Search there")];
  await bob.rooms.joinRoom({ roomId: here });
  await ada.say(here, "the quick zebra jumps");
  await ada.say(there, "a zebra in another room");
  await bob.say(here, "what about the zebra?");
  const page = await w.window(ada);
  // The index follows the log by a moment.
  await expect
    .poll(async () => (await ada.chat.searchMessages({ query: "zebra" })).messages.length)
    .toBe(3);
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox").fill("zebra");
  await page.getByRole("option", { name: "Search messages for “zebra”" }).click();
  const results = page.locator(".message-card");
  await expect.poll(() => results.count()).toBe(3);
  const field = page.getByRole("searchbox", { name: "Search messages" });
  await field.fill(`zebra from:${bob.username}`);
  await field.press("Enter");
  await expect.poll(() => results.count()).toBe(1);
  await results.getByRole("link", { name: "Go to message" }).click();
  await page.locator(".msg-flash", { hasText: "what about the zebra?" }).waitFor();
  await page.goBack();
  await expect.poll(() => field.inputValue()).toBe(`zebra from:${bob.username}`);
  await openRoom(page, "Search there");
  await page.getByRole("button", { name: "Room menu" }).click();
  await page.getByRole("menuitem", { name: "Search in this room" }).click();
  const panel = page.getByRole("complementary", { name: "Search in this room" });
  await panel.getByRole("searchbox", { name: "Search in this room" }).fill("zebra");
  await panel.getByRole("button", { name: /a zebra in another room/ }).waitFor();
  expect(await panel.locator(".search-result").count()).toBe(1);
  await page.goto(`${w.pages.url}/search/in:${there}%20zebra`);
  await expect.poll(() => results.count()).toBe(1);
  // A room is called by its name.
  await expect.poll(() => field.inputValue()).toBe('in:"Search there" zebra');
  await field.fill("nothing.like.this");
  await field.press("Enter");
  await page.getByText("No messages found.").waitFor();
  await page.reload();
  await page.getByText("No messages found.").waitFor();
});

test("an invite link leads into a private room", async () => {
  const [ada, bob] = [await w.person("Ada"), await w.person("Bob")];
  const { room } = await ada.rooms.createRoom({ name: "By invitation", kind: 2 });
  const [adas, bobs] = [await w.window(ada), await w.window(bob)];
  await adas.goto(`${w.pages.url}/rooms/${room?.id}`);
  await adas.getByRole("button", { name: "Room menu" }).click();
  await adas.getByRole("menuitem", { name: "Invite links" }).click();
  await adas.getByLabel("Expires after").selectOption({ label: "1 day" });
  await adas.getByLabel("Max number of uses").selectOption({ label: "10" });
  await adas.getByRole("button", { name: "Create link" }).click();
  await adas.getByText("limit 10").waitFor();
  const link = await adas.getByRole("textbox", { name: "Invite link" }).inputValue();
  await bobs.goto(link);
  await bobs.getByText("Invited by Ada").waitFor();
  await bobs.getByRole("button", { name: "Join room" }).click();
  await bobs.getByRole("heading", { name: "By invitation", level: 1 }).waitFor();
  await adas.getByRole("button", { name: "Deactivate this link" }).click();
  await adas.getByRole("textbox", { name: "Invite link" }).waitFor({ state: "detached" });
  await bobs.goto(link);
  await bobs.getByText("This invite is no longer valid.").waitFor();
});

test("a room is put first, and what to hear of it is kept", async () => {
  const ada = await w.person("Ada");
  await ada.room("Starred room");
  const busy = await ada.room("Busy room");
  await ada.say(busy, "newest");
  const page = await w.window(ada);
  // Beside the room that everybody joins.
  const names = async () => (await page.locator(".room-link-name").allInnerTexts()).filter((name) => name !== "General");
  await expect.poll(names).toEqual(["Busy room", "Starred room"]);
  await openRoom(page, "Starred room");
  await page.getByRole("button", { name: "Room menu" }).click();
  const starred = page.waitForResponse(/UpdateRoomPreferences$/);
  await page.getByRole("menuitem", { name: "Add to favorites" }).click();
  await starred;
  await expect.poll(names).toEqual(["Starred room", "Busy room"]);
  await page.getByRole("button", { name: "Room menu" }).click();
  await page.getByRole("menuitem", { name: "Notifications" }).click();
  const saved = page.waitForResponse(/UpdateRoomPreferences$/);
  await page.getByLabel("Mentions only").check();
  await saved;
  await page.reload();
  await expect.poll(names).toEqual(["Starred room", "Busy room"]);
  await page.getByRole("button", { name: "Room menu" }).click();
  await page.getByRole("menuitem", { name: "Notifications" }).click();
  expect(await page.getByLabel("Mentions only").isChecked()).toBe(true);
});
