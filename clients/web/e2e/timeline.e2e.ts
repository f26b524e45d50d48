// The place of the reader in a room's log.

import type { Page } from "playwright-core";
import { expect, test } from "vitest";

import { fill, upTo } from "./support/history";
import { png } from "./support/images";
import { bubble, composer, openRoom, followLink, say, world } from "./support/world";

const w = world();

/** Where the message is on the screen. */
async function top(page: Page, text: string): Promise<number> {
  const box = await bubble(page, text).locator(".bubble").boundingBox();
  return Math.round(box?.y ?? Number.NaN);
}

test("the reader's place is kept when pages, edits and new messages come", async () => {
  const [ada, bob] = [await w.person("Ada"), await w.person("Bob")];
  const room = await ada.room("Place");
  await bob.rooms.joinRoom({ roomId: room });
  const seqs: number[] = [];
  for (let i = 1; i <= 300; i++) seqs.push(await ada.say(room, `Line ${i}.`));
  const page = await w.window(bob);
  await openRoom(page, "Place");
  await bubble(page, "Line 300.").waitFor();
  const before = await upTo(page, "Line 200.");
  const still = async () => {
    await expect.poll(async () => Math.abs((await top(page, "Line 200.")) - before)).toBeLessThanOrEqual(2);
  };
  // One that is drawn just above the window, and one far above.
  const above = await page.evaluate(() => {
    const edge = document.querySelector(".scroller")!.getBoundingClientRect().top;
    const drawn = [...document.querySelectorAll(".msg")].filter((it) => it.getBoundingClientRect().bottom < edge);
    return Number(/Line (\d+)/.exec(drawn.at(-1)?.textContent ?? "")?.[1]);
  });
  for (const i of [above, above - 40]) {
    await ada.chat.editMessage({ roomId: room, seq: BigInt(seqs[i - 1]!), text: `Line ${i}.\n\nedited\n\nand now much taller than before` });
  }
  await ada.say(room, "below everything");
  await page.getByRole("button", { name: "Jump to latest message" }).getByText("1").waitFor();
  await still();
  await page.getByRole("button", { name: "Jump to latest message" }).click();
  await bubble(page, "below everything").waitFor();
  await say(page, "read");
  await bubble(page, "read").waitFor();
});

test("a link leads to its message, back and forward go between rooms", async () => {
  const ada = await w.person("Ada");
  const room = await ada.room("Deep");
  await ada.room("Other place");
  let target = 0;
  for (let i = 1; i <= 260; i++) {
    const seq = await ada.say(room, `Deep ${i}.`);
    if (i === 40) target = seq;
  }
  const page = await w.window(ada);
  await page.goto(`${w.pages.url}/rooms/${room}/${target}`);
  await page.locator(".msg-flash", { hasText: "Deep 40." }).waitFor();
  expect(await bubble(page, "Deep 260.").count()).toBe(0);
  await openRoom(page, "Other place");
  await page.goBack();
  await page.locator(".msg-flash", { hasText: "Deep 40." }).waitFor();
  await page.goForward();
  await page.getByRole("heading", { name: "Other place", level: 1 }).waitFor();
  await page.goBack();
  await bubble(page, "Deep 40.").waitFor();
  // Down again, through all that lies between.
  await page.getByRole("log").hover();
  await expect
    .poll(async () => (await page.mouse.wheel(0, 1_500), bubble(page, "Deep 260.").count()), { interval: 30 })
    .toBe(1);
});

test("whoever goes to the end while messages on the way there are read stays there", async () => {
  const ada = await w.person("Ada");
  const room = await ada.room("Ways crossed");
  let target = 0;
  // What is above takes so much room that first of all what is below is read.
  for (let i = 1; i <= 300; i++) {
    const seq = await ada.say(room, i > 100 ? `Line ${i}.` : `Line ${i}.\n\nwith\n\nmore\n\nbelow`);
    if (i === 100) target = seq;
  }
  const page = await w.window(ada);
  await openRoom(page, "Ways crossed");
  await bubble(page, "Line 300.").waitFor();
  // The page around the message comes, the next one is held.
  let [pages, come] = [0, () => {}];
  const held = new Promise<void>((done) => (come = done));
  await page.route("**/ListMessages", async (route) => (pages++ && (await held), await route.continue()));
  await followLink(page, `/rooms/${room}/${target}`);
  await page.locator(".msg-flash", { hasText: "Line 100." }).waitFor();
  await expect.poll(() => pages).toBe(2);
  const answered = page.waitForResponse(/ListMessages$/);
  await page.getByRole("button", { name: "Jump to latest message" }).click();
  await bubble(page, "Line 300.").waitFor();
  come();
  await (await answered).finished();
  // What comes of it is there in the frame after the next.
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  expect(await bubble(page, "Line 300.").count()).toBe(1);
  await page.locator(".jump-end").waitFor({ state: "detached" });
});

test("a date leads to what was posted then, or next after it", async () => {
  const ada = await w.person("Ada");
  const room = await ada.room("Years");
  const seqs = new Map<string, number>();
  for (const year of ["Old", "Middle", "New"]) {
    for (let i = 1; i <= 90; i++) seqs.set(`${year} ${i}.`, await ada.say(room, `${year} ${i}.`));
  }
  const noon = (daysAgo: number) => new Date(new Date().setHours(12, 0, 0, 0) - daysAgo * 86_400_000);
  w.server.backdate(room, seqs.get("Middle 90.")!, noon(200));
  w.server.backdate(room, seqs.get("Old 90.")!, noon(300));
  const page = await w.window(ada);
  await openRoom(page, "Years");
  await bubble(page, "New 90.").waitFor();
  const found = (text: string) => page.locator(".msg-flash", { hasText: text }).waitFor();
  const day = (daysAgo: number) => noon(daysAgo).toISOString().slice(0, 10);

  // From a day in the timeline, to one with messages.
  await upTo(page, "New 1.");
  await page.locator(".row-day button", { hasText: "Today" }).click();
  const date = page.getByLabel("Date", { exact: true });
  expect(await date.inputValue()).toBe(day(0));
  await date.fill(day(200));
  await date.press("Enter");
  await found("Middle 1.");
  expect(await bubble(page, "New 90.").count()).toBe(0);

  // From the menu, to one without: what comes next is shown.
  const ask = async () => {
    await page.getByRole("button", { name: "Room menu" }).click();
    await page.getByRole("menuitem", { name: "Jump to date" }).click();
  };
  await ask();
  await date.fill(day(210));
  await page.getByRole("button", { name: "Jump", exact: true }).click();
  await found("Middle 1.");
  await ask();
  await page.getByRole("button", { name: "1 month ago" }).click();
  await found("New 1.");
  await ask();
  await page.getByRole("button", { name: "The beginning" }).click();
  await page.locator(".row-start").waitFor();
  await bubble(page, "Old 1.").waitFor();
  await page.getByRole("button", { name: "Jump to latest message" }).click();
  await bubble(page, "New 90.").waitFor();
});

test("messages are grouped, long ones are counted, drafts wait in their room", async () => {
  const ada = await w.person("Ada");
  await ada.room("Here");
  await ada.room("There");
  const page = await w.window(ada);
  await openRoom(page, "Here");
  await say(page, "first of a group");
  await say(page, "second of a group");
  await bubble(page, "second of a group").waitFor();
  expect(await page.locator(".msg-first").count()).toBe(1);
  await page.locator(".row-day").getByText("Today").waitFor();
  await composer(page).fill("x".repeat(3_990));
  await page.getByText("10 characters left").waitFor();
  await composer(page).fill("x".repeat(4_002));
  await page.getByText("2 characters too many").waitFor();
  expect(await page.getByRole("button", { name: "Send" }).isDisabled()).toBe(true);
  await composer(page).fill("a draft for later");
  await openRoom(page, "There");
  expect(await composer(page).inputValue()).toBe("");
  await page.getByRole("link", { name: /Draft: a draft for later/ }).click();
  await expect.poll(() => composer(page).inputValue()).toBe("a draft for later");
  await page.reload();
  await expect.poll(() => composer(page).inputValue()).toBe("a draft for later");
});

test("what is open on a message stays open and works, whatever others do with it", async () => {
  const [ada, bob] = [await w.person("Ada"), await w.person("Bob")];
  const room = await ada.room("Steady");
  await bob.rooms.joinRoom({ roomId: room });
  const seq = BigInt(await bob.say(room, "first words for @Ada"));
  const page = await w.window(ada);
  await openRoom(page, "Steady");
  const row = bubble(page, "words");
  await row.hover();
  await row.getByRole("button", { name: "Add reaction" }).first().click();
  const picker = page.getByRole("dialog", { name: "Emoji" });
  await picker.getByRole("searchbox").fill("rocket");
  // Somebody reacts, edits and answers in its thread.
  await bob.chat.addReaction({ roomId: room, seq, emoji: "👍" });
  await row.getByRole("button", { name: /👍/ }).waitFor();
  await bob.chat.editMessage({ roomId: room, seq, text: "other words" });
  await bob.say(room, "an answer", Number(seq));
  await bubble(page, "other words").waitFor();
  await row.getByText("1 reply").waitFor();
  expect(await picker.getByRole("searchbox").inputValue()).toBe("rocket");
  await picker.getByRole("button", { name: "rocket", exact: true }).click();
  await row.getByRole("button", { name: /🚀/ }).waitFor();

  // Its menu, with the focus in it.
  await row.getByRole("button", { name: "More actions" }).click();
  const reply = page.getByRole("menuitem", { name: "Reply", exact: true });
  await expect.poll(() => reply.evaluate((it) => it === document.activeElement)).toBe(true);
  await page.keyboard.press("ArrowDown");
  const focused = () => page.evaluate(() => document.activeElement?.textContent);
  expect(await focused()).toBe("Reply in thread");
  await bob.chat.removeReaction({ roomId: room, seq, emoji: "👍" });
  await row.getByRole("button", { name: /👍/ }).waitFor({ state: "detached" });
  await bob.chat.editMessage({ roomId: room, seq, text: "the last words" });
  await bubble(page, "the last words").waitFor();
  expect(await focused()).toBe("Reply in thread");
  await page.keyboard.press("Enter");
  await page.getByRole("complementary", { name: "Thread" }).getByText("an answer").waitFor();
});

test("today becomes yesterday in a page that stays open", async () => {
  const ada = await w.person("Ada");
  await ada.say(await ada.room("Overnight"), "said today");
  const page = await w.window(ada);
  await openRoom(page, "Overnight");
  const day = page.locator(".row-day button");
  const time = page.getByRole("link", { name: /Overnight/ }).locator("time");
  await expect.poll(() => day.innerText()).toBe("Today");
  expect(await time.innerText()).toMatch(/^\d+:\d+$/);
  await page.clock.setFixedTime(Date.now() + 86_400_000);
  await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
  await expect.poll(() => day.innerText()).toBe("Yesterday");
  expect(await time.innerText()).not.toContain(":");
});

test("a message one was brought to shines once, also where nothing moves", async () => {
  const ada = await w.person("Ada");
  const room = await ada.room("Shining");
  const seqs: number[] = [];
  for (let i = 1; i <= 80; i++) seqs.push(await ada.say(room, `Line ${i}.`));
  const page = await w.window(ada, { reducedMotion: "reduce" });
  await page.goto(`${w.pages.url}/rooms/${room}/${seqs[39]}`);
  const shines = page.locator(".msg-flash", { hasText: "Line 40." });
  await shines.waitFor();
  expect(await shines.locator(".bubble").evaluate((it) => getComputedStyle(it).animation)).toMatch(/2s.*flash/);
  await page.evaluate(() => Promise.all(document.getAnimations().map((it) => it.finished.catch(() => undefined))));
  await page.getByRole("log").hover();
  await expect.poll(async () => (await page.mouse.wheel(0, -600), bubble(page, "Line 40.").count()), { interval: 30 }).toBe(0);
  await expect.poll(async () => (await page.mouse.wheel(0, 200), bubble(page, "Line 40.").count()), { interval: 30 }).toBe(1);
  expect(await page.locator(".msg-flash").count()).toBe(0);
});

test("who goes to a message with the keyboard goes on from there", async () => {
  const ada = await w.person("Ada");
  const room = await ada.room("Keys");
  const first = await ada.say(room, "Line 0.");
  for (let i = 1; i <= 60; i++) await ada.say(room, `Line ${i}.`);
  await ada.chat.sendMessage({ roomId: room, text: "an answer", clientMessageId: "keys", replyToSeq: BigInt(first) });
  const page = await w.window(ada);
  await openRoom(page, "Keys");
  const quote = bubble(page, "an answer").getByRole("button", { name: "Line 0." });
  await quote.waitFor();
  await page.getByRole("log").focus();
  await page.keyboard.press("ArrowUp");
  await quote.focus();
  await page.keyboard.press("Enter");
  const focused = () => page.evaluate(() => document.activeElement?.closest(".msg")?.querySelector(".bubble")?.textContent);
  await expect.poll(focused).toBe("Line 0.");
  await page.keyboard.press("ArrowDown");
  expect(await focused()).toBe("Line 1.");
});

test("a button leads to where the new messages begin, however many there are", async () => {
  const [ada, bob] = [await w.person("Ada"), await w.person("Bob")];
  const room = await ada.room("Crowded");
  await bob.rooms.joinRoom({ roomId: room });
  for (let i = 1; i <= 40; i++) await ada.say(room, `Old ${i}.`);
  const page = await w.window(bob);
  await openRoom(page, "Crowded");
  await bubble(page, "Old 40.").waitFor();
  await upTo(page, "Old 20.");
  // While one looks at what is above, nothing that comes is read.
  await ada.say(room, "The first new one.");
  await fill(ada, room, 1_010);
  await page.getByRole("button", { name: "Jump to latest message" }).getByText("999+").waitFor();
  const jump = page.getByRole("button", { name: "999+ new messages" });
  expect(await jump.count()).toBe(0);
  await page.getByRole("log").hover();
  await expect.poll(async () => (await page.mouse.wheel(0, 600), jump.count()), { interval: 30 }).toBe(1);
  await jump.click();
  const line = page.locator(".row-new");
  await expect.poll(() => line.locator("xpath=following::article[1]").innerText()).toContain("The first new one.");
  await bubble(page, "The first new one.").and(page.locator(":visible")).waitFor();
  await jump.waitFor({ state: "detached" });
});

test("the line of new messages stays while they are read", async () => {
  const [ada, bob] = [await w.person("Ada"), await w.person("Bob")];
  const room = await ada.room("Lines");
  await bob.rooms.joinRoom({ roomId: room });
  await bob.chat.markRead({ roomId: room, seq: BigInt(await ada.say(room, "old")) });
  for (const text of ["new one", "newer one"]) await ada.say(room, text);
  const page = await w.window(bob);
  await openRoom(page, "Lines");
  const after = () => page.locator(".row-new").locator("xpath=following::article[1]").innerText();
  await expect.poll(after).toContain("new one");
  await page.getByRole("link", { name: /Lines/ }).locator(".badge").waitFor({ state: "detached" });
  await ada.say(room, "the newest one");
  await bubble(page, "the newest one").waitFor();
  expect(await after()).toContain("new one");
  expect(await page.locator(".row-new").count()).toBe(1);
});

test("an image that comes above the reader's place does not move it", async () => {
  const ada = await w.person("Ada");
  const room = await ada.room("Images above");
  const id = await ada.upload("tall.png", png(60, 240, [20, 120, 220]));
  for (let i = 1; i <= 20; i++) await ada.say(room, `Line ${i}.`);
  await ada.chat.sendMessage({ roomId: room, text: "a picture", clientMessageId: "above", attachmentIds: [id] });
  for (let i = 21; i <= 60; i++) await ada.say(room, `Line ${i}.`);
  const page = await w.window(ada);
  let release = (): void => undefined;
  const held = new Promise<void>((done) => (release = done));
  await page.route("**/files/**", async (route) => (await held, route.continue()));
  await openRoom(page, "Images above");
  await bubble(page, "Line 60.").waitFor();
  await upTo(page, "a picture");
  await page.getByRole("log").hover();
  // A little down again, till it is drawn but out of sight.
  const image = bubble(page, "a picture").locator("img");
  const edge = async () => Math.round((await page.locator(".scroller").boundingBox())?.y ?? Number.NaN);
  await expect
    .poll(async () => {
      const box = await bubble(page, "a picture").boundingBox();
      if (box && box.y + box.height < (await edge())) return true;
      await page.mouse.wheel(0, 60);
      return false;
    }, { interval: 30 })
    .toBe(true);
  let before = Number.NaN;
  await expect.poll(async () => {
    const last = before;
    before = await top(page, "Line 30.");
    return before === last;
  }).toBe(true);
  release();
  await expect.poll(() => image.evaluate((it: HTMLImageElement) => it.complete && it.naturalHeight)).toBeGreaterThan(0);
  expect(Math.abs((await top(page, "Line 30.")) - before)).toBeLessThanOrEqual(2);
  await page.unrouteAll({ behavior: "wait" });
});
