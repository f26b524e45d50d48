// Threads, and the ways to messages in them and in their room.

import type { Page } from "playwright-core";
import { expect, test } from "vitest";

import type { Person } from "./support/people";
import { bubble, composer, openRoom, followLink, world } from "./support/world";

const w = world();

const panel = (page: Page) => page.getByRole("complementary", { name: "Thread" });
const thread = (page: Page) => page.getByRole("log", { name: "Thread", exact: true });
const answers = (page: Page, text: string) => thread(page).locator(".msg", { hasText: text });
const openThread = (page: Page, root: string) => bubble(page, root).locator(".thread-link").click();

async function fill(who: Person, room: string, root: number, name: string, count: number): Promise<number[]> {
  const seqs: number[] = [];
  for (let i = 1; i <= count; i++) seqs.push(await who.say(room, `${name} ${i}.`, root));
  return seqs;
}

/** How many calls the page has made, by name. */
function calls(page: Page): Map<string, number> {
  const made = new Map<string, number>();
  page.on("request", (request) => {
    const name = new URL(request.url()).pathname.split("/").at(-1) ?? "";
    made.set(name, (made.get(name) ?? 0) + 1);
  });
  return made;
}

test("a thread that is opened beside another has nothing of it, and is read only when it is seen", async () => {
  const [ada, bob] = [await w.person("Ada"), await w.person("Bob")];
  const room = await ada.room("Two threads");
  await bob.rooms.joinRoom({ roomId: room });
  const [first, second] = [await ada.say(room, "first root"), await ada.say(room, "second root")];
  const read = await bob.say(room, "seen before", second);
  await ada.chat.markRead({ roomId: room, threadSeq: BigInt(second), seq: BigInt(read) });
  await bob.say(room, "new in the second", second);
  await bob.say(room, "only in the first", first);
  const page = await w.window(ada);
  await openRoom(page, "Two threads");
  await openThread(page, "first root");
  await answers(page, "only in the first").waitFor();
  await panel(page).getByRole("textbox").fill("a draft for the first");
  let release = (): void => undefined;
  const held = new Promise<void>((done) => (release = done));
  await page.route("**/ListThread", async (route) => (await held, route.continue()));
  const asked = page.waitForRequest("**/ListThread");
  await openThread(page, "second root");
  await asked;
  expect(await answers(page, "only in the first").count()).toBe(0);
  expect(await panel(page).getByRole("textbox").inputValue()).toBe("");
  const mark = async () => Number((await ada.chat.listThread({ roomId: room, threadSeq: BigInt(second) })).readSeq);
  expect(await mark()).toBe(read);
  release();
  await answers(page, "new in the second").waitFor();
  await expect.poll(() => panel(page).locator(".row-new").locator("xpath=following::article[1]").innerText()).toContain("new in the second");
  await expect.poll(mark).toBeGreaterThan(read);
  await page.unrouteAll({ behavior: "wait" });
});

test("a thread comes in one piece, and only what is new is drawn anew", async () => {
  const [ada, bob] = [await w.person("Ada"), await w.person("Bob")];
  const room = await ada.room("Still rows");
  await bob.rooms.joinRoom({ roomId: room });
  const root = await ada.say(room, "many answers");
  const seqs = await fill(bob, room, root, "Answer", 30);
  const page = await w.window(ada);
  await openRoom(page, "Still rows");
  await bubble(page, "many answers").waitFor();
  const made = calls(page);
  await openThread(page, "many answers");
  await answers(page, "Answer 30.").waitFor();
  const mark = () => thread(page).evaluate((it) => it.querySelectorAll<HTMLElement>(".msg").forEach((row) => (row.dataset["kept"] = "yes")));
  await mark();
  await bob.say(room, "one more", root);
  await answers(page, "one more").waitFor();
  await bob.chat.addReaction({ roomId: room, seq: BigInt(seqs[3]!), emoji: "👍" });
  await answers(page, "Answer 4.").locator(".reactions").waitFor();
  expect(await thread(page).locator(".msg:not([data-kept])").count()).toBe(1);
  expect(made.get("GetMessage")).toBe(undefined);
});

test("the reader of a thread stays where they are when somebody reacts or older answers come", async () => {
  const [ada, bob] = [await w.person("Ada"), await w.person("Bob")];
  const room = await ada.room("Place in it");
  await bob.rooms.joinRoom({ roomId: room });
  const root = await ada.say(room, "a long thread");
  const seqs = await fill(bob, room, root, "Answer", 70);
  const page = await w.window(ada);
  await openRoom(page, "Place in it");
  await openThread(page, "a long thread");
  await answers(page, "Answer 70.").waitFor();
  const fromEnd = () => thread(page).evaluate((it) => Math.round(it.scrollHeight - it.scrollTop - it.clientHeight));
  await expect.poll(fromEnd).toBeLessThan(2);
  await thread(page).hover();
  await expect.poll(async () => (await page.mouse.wheel(0, -600), thread(page).evaluate((it) => it.scrollTop)), { interval: 30 }).toBe(0);
  await bob.chat.addReaction({ roomId: room, seq: BigInt(seqs[69]!), emoji: "👍" });
  await answers(page, "Answer 70.").locator(".reactions").waitFor();
  expect(await thread(page).evaluate((it) => it.scrollTop)).toBe(0);
  const top = async () => Math.round((await answers(page, "Answer 21.").boundingBox())?.y ?? Number.NaN);
  const before = await top();
  await panel(page).getByRole("button", { name: "Show more" }).click();
  await answers(page, "Answer 1.").waitFor();
  // The height of a row, where the button was.
  await expect.poll(async () => Math.abs((await top()) - before)).toBeLessThanOrEqual(60);
});

test("answers in threads that one follows are marked also where the room was not opened", async () => {
  const [ada, bob] = [await w.person("Ada"), await w.person("Bob")];
  const [room, aside] = [await ada.room("Unopened"), await ada.room("Beside it")];
  await bob.rooms.joinRoom({ roomId: room });
  const [own, others, silent] = [await ada.say(room, "Ada's root"), await bob.say(room, "Bob's root"), await bob.say(room, "not for Ada")];
  await ada.say(room, "Ada was here", others);
  await ada.chat.markRead({ roomId: room, seq: (await ada.chat.listMessages({ roomId: room })).headSeq });
  const page = await w.window(ada);
  await page.goto(`${w.pages.url}/rooms/${aside}`);
  const mark = page.locator(".room-link", { hasText: "Unopened" }).getByRole("img", { name: "Unread thread replies" });
  const link = (root: string) => bubble(page, root).locator(".thread-link");
  const dot = (root: string) => link(root).getByRole("img", { name: "Unread thread replies" });
  await composer(page).waitFor();
  await bob.say(room, "to himself", silent);
  await bob.say(room, "to Ada", own);
  await mark.waitFor();
  await openRoom(page, "Unopened");
  await dot("Ada's root").waitFor();
  await link("Ada's root").click();
  await mark.waitFor({ state: "detached" });
  expect(await dot("not for Ada").count()).toBe(0);
  await page.goto(`${w.pages.url}/rooms/${aside}`);
  await composer(page).waitFor();
  await bob.say(room, "to both of us", others);
  await mark.waitFor();
});

test("answers that come before the page is all there are marked when it is", async () => {
  const [ada, bob] = [await w.person("Ada"), await w.person("Bob")];
  const [room, aside] = [await ada.room("Early answers"), await ada.room("Early elsewhere")];
  await bob.rooms.joinRoom({ roomId: room });
  const own = await ada.say(room, "Ada's root");
  const page = await w.window(ada);
  let come = () => {};
  const held = new Promise<void>((done) => (come = done));
  await page.route("**/assets/DeferredEffects-*.js", async (route) => (await held, await route.continue()));
  await page.goto(`${w.pages.url}/rooms/${aside}`);
  await composer(page).waitFor();
  await bob.say(room, "in passing");
  const link = page.locator(".room-link", { hasText: "Early answers" });
  await link.getByText("in passing").waitFor();
  await bob.say(room, "to Ada", own);
  await bob.say(room, "and on");
  await link.getByText("and on").waitFor();
  come();
  await link.getByRole("img", { name: "Unread thread replies" }).waitFor();
});

test("links, pins and mentions lead to answers in threads, however far back", async () => {
  const [ada, bob] = [await w.person("Ada"), await w.person("Bob")];
  const room = await ada.room("Ways");
  await bob.rooms.joinRoom({ roomId: room });
  const root = await ada.say(room, "the root of it");
  const called = await bob.say(room, `@${ada.username} first of all`, root);
  const seqs = await fill(bob, room, root, "Answer", 110);
  for (let i = 1; i <= 120; i++) await bob.say(room, `Line ${i}.`);
  await ada.chat.pinMessage({ roomId: room, seq: BigInt(seqs[2]!) });
  const page = await w.window(ada);
  const found = (text: string) => thread(page).locator(".msg-flash", { hasText: text }).waitFor();
  await page.goto(`${w.pages.url}/rooms/${room}/${seqs[1]}`);
  await found("Answer 2.");
  await bubble(page, "the root of it").first().waitFor();
  await expect.poll(() => answers(page, "Answer 2.").evaluate((it) => {
    const [row, box] = [it.getBoundingClientRect(), it.closest(".thread-scroll")!.getBoundingClientRect()];
    return row.top >= box.top && row.bottom <= box.bottom;
  })).toBe(true);
  await panel(page).getByRole("button", { name: "Close" }).click();
  await page.locator(".pin-banner-main").click();
  await found("Answer 3.");
  await page.getByRole("link", { name: "Mentions", exact: true }).click();
  await page.locator(".message-card", { hasText: "first of all" }).getByText("Go to message").click();
  await found("first of all");
  // Another one in the same thread, while it is open.
  await page.locator(".pin-banner-main").click();
  await found("Answer 3.");
  expect(called).toBeLessThan(seqs[0]!);
});

test("answers outlive what they answer, and nobody is left editing what is gone", async () => {
  const [ada, bob] = [await w.person("Ada"), await w.person("Bob")];
  const room = await ada.room("Orphans");
  await bob.rooms.joinRoom({ roomId: room });
  const root = await bob.say(room, "soon gone");
  await ada.say(room, "still here", root);
  const mine = await bob.say(room, "being edited");
  const [page, adas] = [await w.window(bob), await w.window(ada)];
  await openRoom(adas, "Orphans");
  await bubble(adas, "being edited").hover();
  await bubble(adas, "being edited").getByRole("button", { name: "Reply" }).first().click();
  await adas.locator(".composer-banner").waitFor();
  await openRoom(page, "Orphans");
  await bubble(page, "being edited").waitFor();
  await composer(page).press("ArrowUp");
  await page.getByText("Editing message").waitFor();
  await bob.chat.deleteMessage({ roomId: room, seq: BigInt(mine) });
  await page.getByText("Editing message").waitFor({ state: "detached" });
  expect(await composer(page).inputValue()).toBe("");
  await adas.locator(".composer-banner").waitFor({ state: "detached" });
  await bob.chat.deleteMessage({ roomId: room, seq: BigInt(root) });
  const tombstone = page.locator(".msg", { has: page.locator(".tombstone") }).first();
  await tombstone.getByRole("button", { name: "1 reply" }).click();
  await answers(page, "still here").waitFor();
  expect(await panel(page).getByRole("textbox").count()).toBe(0);
});

test("a link to a message that does not exist says so, one that failed can be tried again, one to the room leads to its end", async () => {
  const ada = await w.person("Ada");
  const room = await ada.room("Lost links");
  let target = 0;
  for (let i = 1; i <= 200; i++) {
    const seq = await ada.say(room, `Line ${i}.`);
    if (i === 30) target = seq;
  }
  const page = await w.window(ada);
  await page.goto(`${w.pages.url}/rooms/${room}/999999`);
  await page.getByText("This message no longer exists.").waitFor();
  await bubble(page, "Line 200.").waitFor();
  await expect.poll(() => new URL(page.url()).pathname).toBe(`/rooms/${room}`);
  expect(await page.getByText("Couldn’t load messages").count()).toBe(0);
  // It fails, then it does not.
  await page.route("**/ListMessages", (route) => route.fulfill({ status: 500 }));
  await followLink(page, `/rooms/${room}/${target}`);
  await page.getByRole("button", { name: "Try again" }).waitFor();
  await page.unroute("**/ListMessages");
  await page.getByRole("button", { name: "Try again" }).click();
  await page.locator(".msg-flash", { hasText: "Line 30." }).waitFor();
  w.clearComplaints();
  await page.getByRole("navigation", { name: "Rooms" }).getByRole("link", { name: /Lost links/ }).click();
  await bubble(page, "Line 200.").waitFor();
  await page.locator(".jump-end").waitFor({ state: "detached" });
});

test("on a phone, Back closes a panel and not the room", async () => {
  const ada = await w.person("Ada");
  const room = await ada.room("Pocket");
  const root = await ada.say(room, "asked on the way");
  const answer = await ada.say(room, "answered on the way", root);
  await ada.chat.pinMessage({ roomId: room, seq: BigInt(answer) });
  const page = await w.window(ada, { viewport: { width: 390, height: 780 } });
  await page.getByRole("link", { name: /Pocket/ }).click();
  const heading = page.getByRole("heading", { name: "Pocket", level: 1 });
  await heading.waitFor();
  const members = page.getByRole("complementary", { name: "Members" });
  await page.getByRole("button", { name: "Show members" }).click();
  await members.waitFor();
  await page.goBack();
  await members.waitFor({ state: "detached" });
  await heading.waitFor();
  // Closed by its button, it leaves nothing behind; one panel may lead to another.
  await page.getByRole("button", { name: "Show members" }).click();
  await members.getByRole("button", { name: "Close" }).click();
  await members.waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Room menu" }).click();
  await page.getByRole("menuitem", { name: "Pinned messages" }).click();
  await page.getByRole("complementary", { name: "Pinned messages" }).getByRole("button", { name: "Go to message" }).click();
  await thread(page).locator(".msg-flash", { hasText: "answered on the way" }).waitFor();
  await page.goBack();
  await panel(page).waitFor({ state: "detached" });
  await heading.waitFor();
  await page.goBack();
  await heading.waitFor({ state: "detached" });
});

test("with the keyboard one goes from answer to answer, and reaches what can be done with each", async () => {
  const [ada, bob] = [await w.person("Ada"), await w.person("Bob")];
  const room = await ada.room("By keyboard");
  await bob.rooms.joinRoom({ roomId: room });
  const root = await ada.say(room, "the root");
  for (const text of ["one answer", "another answer"]) await bob.say(room, text, root);
  const page = await w.window(ada);
  await openRoom(page, "By keyboard");
  await openThread(page, "the root");
  await answers(page, "another answer").waitFor();
  await thread(page).focus();
  const focused = () => page.evaluate(() => document.activeElement?.closest(".msg")?.querySelector(".bubble")?.textContent);
  await page.keyboard.press("ArrowUp");
  expect(await focused()).toBe("another answer");
  await page.keyboard.press("ArrowUp");
  expect(await focused()).toBe("one answer");
  // What has the focus says what it is.
  expect(await answers(page, "one answer").evaluate((it) => document.getElementById(it.getAttribute("aria-describedby") ?? "")?.textContent)).toBe("one answer");
  const menu = answers(page, "one answer").getByRole("button", { name: "More actions" });
  await menu.waitFor();
  await expect
    .poll(async () => (await page.keyboard.press("Tab"), menu.evaluate((it) => it === document.activeElement)))
    .toBe(true);
});
