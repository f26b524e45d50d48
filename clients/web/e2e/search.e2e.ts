// Finding things: a room's files, its messages by their words, what says nothing but a picture, and who reacted.

import type { Page } from "playwright-core";
import { expect, test } from "vitest";

import { AXE, check } from "./support/axe";
import { png, type Colour } from "./support/images";
import type { Person } from "./support/people";
import { bubble, composer, openRoom, world } from "./support/world";

const w = world();

const image = (colour: Colour) => png(400, 300, colour);
const post = async (who: Person, roomId: string, text: string, files: [string, Buffer][], replyToSeq = 0n) => {
  const attachmentIds: string[] = [];
  for (const [name, bytes] of files) attachmentIds.push(await who.upload(name, bytes));
  const { message } = await who.chat.sendMessage({ roomId, text, clientMessageId: crypto.randomUUID(), attachmentIds, replyToSeq });
  return message?.seq ?? 0n;
};
/** The index follows the log by a moment. */
const indexed = (who: Person, roomId: string, query: string, count: number) =>
  expect.poll(async () => (await who.chat.searchMessages({ roomId, query })).messages.length).toBe(count);

async function open(page: Page, item: string): Promise<void> {
  await page.getByRole("button", { name: "Room menu" }).click();
  await page.getByRole("menuitem", { name: item }).click();
}
const panel = (page: Page, name: string) => page.getByRole("complementary", { name });
const drawn = (page: Page, images: string) =>
  expect.poll(() => page.locator(images).evaluateAll((all) => all.length > 0 && all.every((it) => (it as HTMLImageElement).naturalWidth > 0))).toBe(true);

for (const scheme of ["light", "dark"] as const) {
  test(`a room's files stand in a panel of their own, with those that come, ${scheme}`, async () => {
    const [ada, bob] = [await w.person("Ada", "Ada Files"), await w.person("Bob", "Bob Files")];
    const room = await ada.room(`Shelf ${scheme}`);
    await bob.rooms.joinRoom({ roomId: room });
    const page = await w.window(ada, { colorScheme: scheme });
    await page.context().addInitScript(AXE);
    await page.reload();
    await openRoom(page, `Shelf ${scheme}`);
    await open(page, "Files");
    const files = panel(page, "Files");
    await files.getByText("No images yet.").waitFor();
    // What comes while one looks is there at once.
    const first = await post(bob, room, "", [["red.png", image([200, 40, 40])]]);
    await files.getByRole("button", { name: "Image from Bob Files: red.png" }).waitFor();
    for (let i = 0; i < 20; i++) await ada.say(room, `between ${i}`);
    await post(ada, room, "two more", [["blue.png", image([40, 70, 200])], ["plan.txt", Buffer.from("a plan")]]);
    await expect.poll(() => files.locator(".file-tile").evaluateAll((all) => all.map((it) => it.getAttribute("aria-label")))).toEqual([
      "Image from Ada Files: blue.png",
      "Image from Bob Files: red.png",
    ]);
    await drawn(page, ".file-tile img");
    await check(page, "pictures of a room");
    // And when they are read from the server.
    await indexed(ada, room, "has:file", 2);
    await page.reload();
    await open(page, "Files");
    await files.getByRole("button", { name: "Image from Bob Files: red.png" }).click();
    await page.getByText("1 of 2").waitFor();
    await page.getByRole("dialog").getByRole("button", { name: "Go to message" }).click();
    await page.locator(".msg-flash").getByRole("button", { name: "Open image: red.png" }).waitFor();
    await files.getByRole("button", { name: "Other files" }).click();
    const plan = files.locator(".file-row", { hasText: "plan.txt" });
    await expect.poll(() => plan.innerText()).toMatch(/6 bytes · Ada Files · /);
    await expect.poll(() => plan.getByRole("link").getAttribute("href")).toBeTruthy();
    await check(page, "other files of a room");
    await files.getByRole("button", { name: "Go to message: plan.txt" }).click();
    await page.locator(".msg-flash", { hasText: "two more" }).waitFor();
    await files.getByRole("button", { name: "Images" }).click();
    await bob.chat.deleteMessage({ roomId: room, seq: first });
    await files.getByRole("button", { name: "Image from Bob Files: red.png" }).waitFor({ state: "detached" });
  });

  test(`a search in a room shows where the words stand, and its filters need no knowledge, ${scheme}`, async () => {
    const [ada, bob] = [await w.person("Ada", "Ada Seeks"), await w.person("Bob", "Bob Seeks")];
    const room = await ada.room(`Seek ${scheme}`);
    const other = await ada.room(`Elsewhere ${scheme}`);
    await bob.rooms.joinRoom({ roomId: room });
    await ada.say(other, "a walnut in another room");
    await bob.say(room, "Wälder and WALNUTS, cradle");
    for (let i = 0; i < 30; i++) await ada.say(room, `between ${i}`);
    await post(ada, room, "the walnut list", [["walnuts.txt", Buffer.from("12")]]);
    await indexed(ada, room, "wal", 2);
    const page = await w.window(ada, { colorScheme: scheme });
    await page.context().addInitScript(AXE);
    await page.reload();
    await openRoom(page, `Seek ${scheme}`);
    const asked: string[] = [];
    page.on("request", (it) => it.url().endsWith("/SearchMessages") && asked.push(it.url()));
    await open(page, "Search in this room");
    const search = panel(page, "Search in this room");
    await search.getByText("Enter a keyword, choose").waitFor();
    const field = search.getByRole("searchbox", { name: "Search in this room" });
    await expect.poll(() => field.evaluate((it) => it === document.activeElement)).toBe(true);
    expect([await field.inputValue(), asked]).toEqual(["", []]);
    await page.keyboard.type("wal");
    const items = search.locator(".search-result");
    await expect.poll(() => items.count()).toBe(2);
    expect(await items.locator("mark").allInnerTexts()).toEqual(["wal", "Wäl", "WAL"]);
    await check(page, "search in a room");
    // By the keyboard, and the panel stays.
    await items.nth(1).focus();
    await page.keyboard.press("Enter");
    await page.locator(".msg-flash", { hasText: "Wälder" }).waitFor();
    expect(await items.count()).toBe(2);
    await search.getByText("Filters").click();
    await search.getByRole("checkbox", { name: "Has files" }).check();
    await expect.poll(() => items.count()).toBe(1);
    await search.getByRole("checkbox", { name: "Has files" }).uncheck();
    await field.fill("");
    await search.getByText("Enter a keyword, choose").waitFor();
    await search.getByRole("searchbox", { name: "From" }).fill("bob");
    await search.getByRole("button", { name: /Bob Seeks/ }).click();
    await expect.poll(() => items.allInnerTexts().then((all) => all.join())).toContain("cradle");
    expect(await items.count()).toBe(1);
    await check(page, "filters");
    const day = (from: number) => new Date(Date.now() + from * 86_400_000).toISOString().slice(0, 10);
    await search.getByLabel("End date").fill(day(-2));
    await search.getByText("No messages found.").waitFor();
    await search.getByLabel("End date").fill(day(2));
    await search.getByLabel("Start date").fill(day(-2));
    await expect.poll(() => items.count()).toBe(1);
    await search.getByRole("button", { name: "Remove sender filter: Bob Seeks" }).click();
    await search.getByText("Enter a keyword, choose").waitFor();
  });
}

test("on a phone both panels lie over the room, and go where they lead", async () => {
  const ada = await w.person("Ada");
  const room = await ada.room("Small finds");
  await post(ada, room, `a picture ${"of_something".repeat(20)}`, [["red.png", image([200, 40, 40])], [`${"long".repeat(30)}.txt`, Buffer.from("x")]]);
  await indexed(ada, room, "picture", 1);
  const page = await w.window(ada, { viewport: { width: 320, height: 640 }, isMobile: true, hasTouch: true });
  const fits = async () => {
    const wide = await page.evaluate(() => [...document.querySelectorAll(".search-panel *")].filter((it) => it.getBoundingClientRect().right > innerWidth + 1).map((it) => it.outerHTML.slice(0, 120)));
    expect(wide).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
  };
  await openRoom(page, "Small finds");
  await open(page, "Files");
  const files = panel(page, "Files");
  await drawn(page, ".file-tile img");
  await fits();
  await files.getByRole("button", { name: "Other files" }).tap();
  await files.locator(".file-row").waitFor();
  await fits();
  await files.getByRole("button", { name: /Go to message/ }).tap();
  await files.waitFor({ state: "detached" });
  await open(page, "Search in this room");
  const search = panel(page, "Search in this room");
  await search.getByRole("searchbox").fill("pict");
  await search.getByText("Filters").tap();
  await search.locator("mark").waitFor();
  await fits();
  await search.locator(".search-result").tap();
  await search.waitFor({ state: "detached" });
  await page.locator(".msg-flash", { hasText: "a picture" }).waitFor();
});

test("a message of only a picture says so wherever it is told of, and has no text to copy", async () => {
  const [ada, bob] = [await w.person("Ada"), await w.person("Bob", "Bob Paints")];
  const room = await ada.room("Wordless");
  await bob.rooms.joinRoom({ roomId: room });
  const seq = await post(bob, room, "", [["sunset.png", image([240, 140, 60])]]);
  await ada.chat.pinMessage({ roomId: room, seq });
  await post(ada, room, "how fine", [], seq);
  await indexed(ada, room, "has:file", 1);
  const page = await w.window(ada);
  await openRoom(page, "Wordless");
  await page.locator(".pin-banner", { hasText: "sunset.png" }).locator("img").waitFor();
  await bubble(page, "how fine").locator("button.quote", { hasText: "sunset.png" }).locator("img").waitFor();
  const picture = page.locator(".msg").filter({ has: page.getByRole("button", { name: "Open image: sunset.png" }) });
  await picture.hover();
  await picture.getByRole("button", { name: "More actions" }).click();
  await page.getByRole("menuitem", { name: "Copy link" }).waitFor();
  expect(await page.getByRole("menuitem", { name: "Copy text" }).count()).toBe(0);
  await page.getByRole("menuitem", { name: "Reply", exact: true }).click();
  await page.locator(".composer-banner", { hasText: "sunset.png" }).locator("img").waitFor();
  await page.keyboard.press("Escape");
  await open(page, "Pinned messages");
  await page.locator(".pin-item", { hasText: "sunset.png" }).locator("img").waitFor();
  await drawn(page, ".thumb");
  await page.goto(`${w.pages.url}/search/has:file`);
  await page.locator(".message-card", { hasText: "sunset.png" }).locator("img").waitFor();
});

test("who calls while one looks at the mentions stands there at once", async () => {
  const [ada, bob] = [await w.person("Ada"), await w.person("Bob")];
  const room = await ada.room("Calling");
  await bob.rooms.joinRoom({ roomId: room });
  const page = await w.window(ada);
  await page.goto(`${w.pages.url}/mentions`);
  await page.getByText("No mentions yet.").waitFor();
  await bob.say(room, `@${ada.username} come quick`);
  await page.locator(".message-card", { hasText: "come quick" }).waitFor();
  await bob.say(room, `@${ada.username} and again`);
  await expect.poll(() => page.locator(".message-card").allInnerTexts().then((all) => all.map((it) => /come|again/.exec(it)?.[0]))).toEqual(["again", "come"]);
});

test("a search that fails shows nothing old, says so, and can be tried again", async () => {
  const ada = await w.person("Ada");
  const room = await ada.room("Failing");
  await ada.say(room, "an apple and a pear");
  await indexed(ada, room, "apple", 1);
  const page = await w.window(ada);
  await page.goto(`${w.pages.url}/search/apple`);
  const results = page.locator(".message-card");
  await results.locator("mark", { hasText: "apple" }).waitFor();
  await page.route("**/SearchMessages", (route) => route.abort());
  const field = page.getByRole("searchbox", { name: "Search messages" });
  await field.fill("pear");
  await field.press("Enter");
  await page.getByRole("status").getByRole("button", { name: "Try again" }).waitFor();
  expect(await results.count()).toBe(0);
  await page.unroute("**/SearchMessages");
  await page.getByRole("button", { name: "Try again" }).click();
  await results.locator("mark", { hasText: "pear" }).waitFor();
  expect(await page.getByRole("button", { name: "Try again" }).count()).toBe(0);
  // Filters of place alone are no question.
  await field.fill("in:Failing");
  await field.press("Enter");
  await page.getByText("Enter a keyword, choose").waitFor();
  w.clearComplaints();
});

test("who reacted is told to a finger that rests, to the keyboard and by the menu", async () => {
  const [ada, bob] = [await w.person("Ada", "Ada Likes"), await w.person("Bob", "Bob Likes")];
  const room = await ada.room("Liked");
  await bob.rooms.joinRoom({ roomId: room });
  const seq = BigInt(await ada.say(room, "good?"));
  for (const who of [ada, bob]) await who.chat.addReaction({ roomId: room, seq, emoji: "👍" });
  await bob.chat.addReaction({ roomId: room, seq, emoji: "🎉" });
  const page = await w.window(ada, { hasTouch: true });
  await page.context().addInitScript(AXE);
  await page.reload();
  await openRoom(page, "Liked");
  const chip = bubble(page, "good?").getByRole("button", { name: /^👍 2/ });
  const dialog = page.getByRole("dialog", { name: "Reactions" });
  const told = async () => {
    await dialog.getByText("Ada Likes").waitFor();
    await expect.poll(() => dialog.getByText("Bob Likes").count()).toBe(2);
  };
  // Only once it is at rest.
  await chip.tap({ trial: true });
  const box = (await chip.boundingBox())!;
  const finger = await page.context().newCDPSession(page);
  const touchPoints = [{ x: box.x + box.width / 2, y: box.y + box.height / 2 }];
  await finger.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints });
  await told();
  await finger.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
  await check(page, "who reacted");
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  // Nothing was taken back by it.
  expect(await chip.getAttribute("aria-pressed")).toBe("true");
  expect((await ada.chat.getMessage({ roomId: room, seq })).message?.reactions[0]?.count).toBe(2n);
  await chip.focus();
  await page.keyboard.press("ContextMenu");
  await told();
  await page.keyboard.press("Escape");
  await bubble(page, "good?").hover();
  await bubble(page, "good?").getByRole("button", { name: "More actions" }).click();
  await page.getByRole("menuitem", { name: "Reactions" }).click();
  await told();
  // It is true while one looks, and goes when there is nothing to tell.
  for (const emoji of ["👍", "🎉"]) await bob.chat.removeReaction({ roomId: room, seq, emoji });
  await expect.poll(() => dialog.getByText("Bob Likes").count()).toBe(0);
  await ada.chat.removeReaction({ roomId: room, seq, emoji: "👍" });
  await dialog.waitFor({ state: "detached" });
  await composer(page).waitFor();
});
