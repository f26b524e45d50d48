// The connection goes and comes back; nothing is lost and nothing comes twice.

import { expect, test } from "vitest";

import { RoomKind } from "../src/gen/causerie/v1/types_pb";
import { AXE, check } from "./support/axe";
import { bubble, openRoom, say, signIn, world } from "./support/world";

const w = world({ link: true });

async function two(name: string) {
  const [ada, bob] = [await w.person("Ada"), await w.person("Bob")];
  const room = await ada.room(name);
  await bob.rooms.joinRoom({ roomId: room });
  return { ada, bob, room };
}

test("what is written offline waits, outlives its page, and is sent once when the link is back", async () => {
  const { ada, bob, room } = await two("Offline");
  const page = await w.window(ada);
  await openRoom(page, "Offline");
  w.link.cut();
  await say(page, "written offline");
  await page.locator(".msg-pending", { hasText: "written offline" }).waitFor();
  await page.getByRole("button", { name: "Try now" }).waitFor();
  const context = page.context();
  await page.close();
  w.link.mend();
  const next = await context.newPage();
  await next.goto(`${w.pages.url}/rooms/${room}`);
  await bubble(next, "written offline").waitFor();
  const { messages } = await bob.chat.listMessages({ roomId: room });
  expect(messages.filter(({ content }) => content.value === "written offline")).toHaveLength(1);
});

test("a message that cannot be kept until the link is back says so, and is sent all the same", async () => {
  const { ada } = await two("Full");
  const page = await w.window(ada);
  await openRoom(page, "Full");
  await page.evaluate(() => {
    Storage.prototype.setItem = () => {
      throw new DOMException("no room", "QuotaExceededError");
    };
  });
  w.link.cut();
  await page.getByRole("button", { name: "Try now" }).waitFor();
  await say(page, "written into nothing");
  await page.getByText("This message couldn’t be saved on this device").waitFor();
  w.link.mend();
  await bubble(page, "written into nothing").waitFor();
});

test("what others wrote meanwhile is there after the link is back", async () => {
  const { ada, bob, room } = await two("Meanwhile");
  const page = await w.window(ada);
  await openRoom(page, "Meanwhile");
  await bob.say(room, "before");
  await bubble(page, "before").waitFor();
  w.link.cut();
  for (const n of [1, 2, 3]) await bob.say(room, `missed ${n}`);
  w.link.mend();
  await bubble(page, "missed 3").waitFor();
  expect(await page.locator(".bubble").allInnerTexts()).toEqual(["before", "missed 1", "missed 2", "missed 3"]);
});

test("a restart of the server is survived by itself", async () => {
  const { ada, bob, room } = await two("Restart");
  const page = await w.window(ada);
  await openRoom(page, "Restart");
  await say(page, "before the restart");
  await bubble(page, "before the restart").waitFor();
  await w.server.stop();
  await say(page, "while it is away");
  await page.locator(".msg-pending", { hasText: "while it is away" }).waitFor();
  await w.server.start();
  await bubble(page, "while it is away").waitFor();
  await bob.say(room, "after the restart");
  await bubble(page, "after the restart").waitFor();
});

test("two tabs share one stream, and the second takes over when the first closes", async () => {
  const { ada, bob, room } = await two("Tabs");
  const first = await w.window(ada);
  await openRoom(first, "Tabs");
  // The first has its stream: the room came by it.
  const streams: string[] = [];
  let watched = 0;
  first.context().on("request", (request) => {
    if (request.url().endsWith("/Subscribe")) streams.push(request.url());
    if (request.url().endsWith("/WatchRooms")) watched += 1;
  });
  const second = await first.context().newPage();
  await second.goto(`${w.pages.url}/rooms/${room}`);
  await bob.say(room, "to both");
  await bubble(first, "to both").waitFor();
  await bubble(second, "to both").waitFor();
  expect(streams).toHaveLength(0);
  // What the tabs look at is told when it changes, and not with each message or each answer.
  for (const n of [1, 2, 3, 4, 5, 6, 7, 8, 9]) {
    await bob.say(room, `more ${n}`);
    await bubble(second, `more ${n}`).waitFor();
  }
  expect(watched).toBeLessThanOrEqual(2);
  await say(second, "from the second");
  await bubble(first, "from the second").waitFor();
  await first.close();
  await bob.say(room, "to the one that is left");
  await bubble(second, "to the one that is left").waitFor();
  expect(streams).toHaveLength(1);
});

test("words written offline in a room that is gone meanwhile can be had back, and done away with", async () => {
  const { ada, bob } = await two("Others");
  const { room } = await bob.rooms.createRoom({ name: "Closed circle", kind: RoomKind.PRIVATE });
  const roomId = room?.id ?? "";
  await bob.rooms.addMembers({ roomId, userIds: [ada.id] });
  const page = await w.window(ada);
  await openRoom(page, "Closed circle");
  w.link.cut();
  await say(page, "my last words");
  await page.locator(".msg-pending", { hasText: "my last words" }).waitFor();
  await bob.rooms.removeMember({ roomId, userId: ada.id });
  w.link.mend();
  await page.getByRole("heading", { name: "This room doesn’t exist" }).waitFor();
  await page.goto(w.pages.url);
  await page.getByRole("link", { name: "Unsent messages" }).click();
  const unsent = page.getByRole("region", { name: "Unsent messages" });
  await unsent.getByText("my last words").waitFor();
  await unsent.getByRole("button", { name: "Discard" }).click();
  await unsent.waitFor({ state: "detached" });
  await page.getByRole("link", { name: "Unsent messages" }).waitFor({ state: "detached" });
});

test("who is taken out of a room is told so, and who is banned is not asked to join", async () => {
  const { ada, bob, room } = await two("Strict");
  const second = await ada.room("Harsh");
  await bob.rooms.joinRoom({ roomId: second });
  const page = await w.window(bob);
  await openRoom(page, "Strict");
  await ada.rooms.removeMember({ roomId: room, userId: bob.id });
  await page.locator(".toast", { hasText: "You were removed from “Strict”." }).waitFor();
  await page.getByRole("button", { name: "Join room" }).waitFor();
  await openRoom(page, "Harsh");
  await ada.rooms.banMember({ roomId: second, userId: bob.id });
  await page.locator(".toast", { hasText: "You were banned from “Harsh”." }).waitFor();
  await page.getByText("You’re banned from this room.").waitFor();
  expect(await page.getByRole("button", { name: "Join room" }).count()).toBe(0);
});

test("a tab that hangs gives up its stream to another one, and follows it when it wakes", async () => {
  const { ada, bob, room } = await two("Hangs");
  const first = await w.window(ada);
  await openRoom(first, "Hangs");
  const second = await first.context().newPage();
  await second.goto(`${w.pages.url}/rooms/${room}`);
  await bob.say(room, "to both");
  await bubble(second, "to both").waitFor();
  const opened = first.waitForEvent("dialog");
  const hanging = first.evaluate(() => alert("wait"));
  const dialog = await opened;
  await say(second, "while the other one hangs");
  await bubble(second, "while the other one hangs").waitFor();
  await dialog.accept();
  await hanging;
  await bob.say(room, "to both again");
  for (const page of [first, second]) await bubble(page, "to both again").waitFor();
  await say(first, "awake");
  await bubble(second, "awake").waitFor();
  expect(await second.locator(".bubble").allInnerTexts()).toEqual(["to both", "while the other one hangs", "to both again", "awake"]);
});

test("whoever is blocked in one tab is blocked in the others", async () => {
  const { ada, bob, room } = await two("Blocked");
  await bob.say(room, "not to be seen");
  const first = await w.window(ada);
  await openRoom(first, "Blocked");
  const second = await first.context().newPage();
  await second.goto(`${w.pages.url}/rooms/${room}`);
  for (const page of [first, second]) await bubble(page, "not to be seen").waitFor();
  await second.getByRole("button", { name: /Bob/ }).first().click();
  await second.getByRole("dialog").getByRole("button", { name: "Block" }).click();
  for (const page of [first, second]) await page.getByText("Message from someone you blocked.").first().waitFor();
});

test("a reload tells of what has arrived only where something was not read", async () => {
  const { ada, bob, room } = await two("Arrives");
  for (const name of ["Arrives 2", "Arrives 3"]) await bob.rooms.joinRoom({ roomId: await ada.room(name) });
  const page = await w.window(bob);
  await openRoom(page, "Arrives 2");
  const told: string[] = [];
  page.on("request", (request) => request.url().endsWith("/MarkDelivered") && told.push(request.url()));
  await page.reload();
  await page.getByRole("heading", { name: "Arrives 2", level: 1 }).waitFor();
  await ada.say(room, "news");
  await expect.poll(() => told.length).toBe(1);
});

test("a room whose messages could not be had stays unread, whatever comes meanwhile", async () => {
  const { ada, bob, room } = await two("Unseen");
  for (const n of [1, 2, 3]) await bob.say(room, `waiting ${n}`);
  const page = await w.window(ada);
  await page.route("**/ListMessages", (route) => route.abort());
  const marked: string[] = [];
  page.on("request", (request) => request.url().endsWith("/MarkRead") && marked.push(request.url()));
  await openRoom(page, "Unseen");
  await page.getByText("Couldn’t load messages.").waitFor();
  await bob.say(room, "while nothing is there");
  await bubble(page, "while nothing is there").waitFor();
  const link = page.locator(".room-link", { hasText: "Unseen" });
  await link.getByLabel("4 unread messages").waitFor();
  expect(marked).toEqual([]);
  await page.unrouteAll();
  await page.getByRole("button", { name: "Try again" }).click();
  await bubble(page, "waiting 1").waitFor();
  await link.locator(".badge").waitFor({ state: "detached" });
});

test("answers that were not read are marked as such also after the link was away", async () => {
  const { ada, bob, room } = await two("Followed");
  await ada.room("Beside");
  const root = await ada.say(room, "what do you think?");
  const first = await bob.say(room, "a first thought", root);
  await ada.chat.markRead({ roomId: room, threadSeq: BigInt(root), seq: BigInt(first) });
  await ada.chat.markRead({ roomId: room, seq: BigInt(root) });
  const page = await w.window(ada);
  await openRoom(page, "Beside");
  const mark = page.locator(".room-link", { hasText: "Followed" }).getByRole("img", { name: "Unread thread replies" });
  await bob.say(room, "a second thought", root);
  await mark.waitFor();
  w.link.cut();
  await page.getByRole("button", { name: "Try now" }).waitFor();
  w.link.mend();
  // It is sent once all that was missed was told.
  await say(page, "here again");
  await bubble(page, "here again").waitFor();
  expect(await mark.count()).toBe(1);
});

for (const scheme of ["light", "dark"] as const) {
  test(`axe finds nothing while there is no connection, and in what was not sent, ${scheme}`, async () => {
    const [ada, bob] = [await w.person("Ada"), await w.person("Bob", `Bob Closes ${scheme}`)];
    const { room } = await ada.rooms.openDirectRoom({ userId: bob.id });
    await ada.say(room?.id ?? "", "hello");
    await bob.users.blockUser({ userId: ada.id });
    const page = await w.window(ada, { colorScheme: scheme });
    await page.context().addInitScript(AXE);
    await page.reload();
    await openRoom(page, `Bob Closes ${scheme}`);
    await say(page, "refused");
    await page.getByRole("alert").getByText("one of you has blocked the other").waitFor();
    w.link.cut();
    await say(page, "waits");
    await page.locator(".msg-pending", { hasText: "waits" }).waitFor();
    await page.locator(".connection-bar").getByRole("button", { name: "Try now" }).waitFor();
    await check(page, "no connection");
  });
}

test("of a link that is back soon nothing is said, and of one that is not after two seconds", async () => {
  const { ada } = await two("Short cuts");
  const page = await w.window(undefined);
  await page.clock.install();
  await signIn(page, w.pages.url, ada.username);
  await openRoom(page, "Short cuts");
  const bar = page.locator(".connection-bar");
  /** From here on time passes only when it is told to. */
  const cut = async (text: string) => {
    await page.clock.pauseAt(await page.evaluate(() => Date.now() + 1_000));
    w.link.cut();
    await say(page, text);
    await page.locator(".msg-pending", { hasText: text }).getByText("Will send when you’re back online").waitFor();
  };
  await say(page, "before");
  await bubble(page, "before").waitFor();
  await cut("meanwhile");
  await page.clock.runFor(1_500);
  expect(await bar.count()).toBe(0);
  w.link.mend();
  await page.clock.resume();
  await bubble(page, "meanwhile").waitFor();
  await cut("for good");
  await page.clock.runFor(2_500);
  await bar.waitFor();
});

test("what waits too long can be discarded, and is no obstacle to the keyboard", async () => {
  const { ada, bob, room } = await two("Second thoughts");
  await bob.say(room, "before it");
  const page = await w.window(ada);
  await openRoom(page, "Second thoughts");
  await bubble(page, "before it").waitFor();
  w.link.cut();
  await say(page, "on second thoughts");
  const waiting = page.locator(".msg-pending", { hasText: "on second thoughts" });
  await waiting.waitFor();
  await page.getByRole("log").focus();
  const focused = () => page.evaluate(() => document.activeElement?.querySelector(".bubble")?.textContent);
  await page.keyboard.press("ArrowUp");
  expect(await focused()).toBe("on second thoughts");
  await page.keyboard.press("ArrowUp");
  expect(await focused()).toBe("before it");
  await waiting.getByRole("button", { name: "Discard" }).click();
  await waiting.waitFor({ state: "detached" });
  w.link.mend();
  await say(page, "what I meant");
  await bubble(page, "what I meant").waitFor();
  const { messages } = await bob.chat.listMessages({ roomId: room });
  expect(messages.map(({ content }) => content.value)).not.toContain("on second thoughts");
});
