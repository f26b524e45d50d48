// What was read: flags to come back to, who has read a message, threads, and rooms that are silent.

import type { Page } from "playwright-core";
import { expect, test } from "vitest";

import { AXE, check } from "./support/axe";
import { png } from "./support/images";
import type { Person } from "./support/people";
import { bubble, openRoom, say, world } from "./support/world";

const w = world();

const link = (page: Page, room: string) => page.locator(".room-link", { hasText: room });

async function choose(page: Page, text: string, item: string): Promise<void> {
  await bubble(page, text).hover();
  await bubble(page, text).getByRole("button", { name: "More actions" }).click();
  await page.getByRole("menuitem", { name: item }).click();
}

const answer = (who: Person, roomId: string, threadSeq: number, text: string) =>
  who.chat.sendMessage({ roomId, text, clientMessageId: crypto.randomUUID(), threadSeq: BigInt(threadSeq) });

test("a room is marked unread from a message on, on every device, until one comes back to it", async () => {
  const [ada, bob] = [await w.person("Ada"), await w.person("Bob")];
  const room = await ada.room("To come back");
  await ada.room("Elsewhere");
  await bob.rooms.joinRoom({ roomId: room });
  for (const text of ["first", "second", "third"]) await bob.say(room, text);
  const [page, other] = [await w.window(ada), await w.window(ada)];
  await openRoom(page, "To come back");
  await bubble(page, "third").waitFor();
  await link(other, "To come back").locator(".badge").waitFor({ state: "detached" });
  await choose(page, "second", "Mark as unread from here");
  const mark = (of: Page) => link(of, "To come back").getByRole("img", { name: "Marked as unread" });
  await mark(page).waitFor();
  await mark(other).waitFor();
  await page.locator(".row-new").waitFor();
  // What comes while one is in the room does not take the flag away.
  await bob.say(room, "fourth");
  await bubble(page, "fourth").waitFor();
  await link(page, "To come back").getByLabel("1 unread message").waitFor();
  await openRoom(page, "Elsewhere");
  await openRoom(other, "Elsewhere");
  await page.bringToFront();
  await openRoom(page, "To come back");
  // The line stands before the message that was pointed at.
  await expect.poll(() => page.locator(".row-new").locator("xpath=following::article[1]").innerText()).toContain("second");
  await mark(page).waitFor({ state: "detached" });
  await link(other, "To come back").locator(".badge").waitFor({ state: "detached" });
});

for (const scheme of ["light", "dark"] as const) {
  test(`a message's menu tells who has read it, ${scheme}`, async () => {
    const [ada, bob, carol, dan] = [await w.person("Ada"), await w.person("Bob", "Bob Reads"), await w.person("Carol", "Carol Later"), await w.person("Dan", "Dan Discreet")];
    const room = await ada.room(`Read ${scheme}`);
    for (const who of [bob, carol, dan]) await who.rooms.joinRoom({ roomId: room });
    const page = await w.window(ada, { colorScheme: scheme });
    await page.context().addInitScript(AXE);
    await page.reload();
    await openRoom(page, `Read ${scheme}`);
    await say(page, "who reads this?");
    await bubble(page, "who reads this?").waitFor();
    const { headSeq } = await ada.chat.listMessages({ roomId: room });
    await choose(page, "who reads this?", "Read by");
    const dialog = page.getByRole("dialog", { name: "Read by" });
    await dialog.getByText("No one has read this yet.").waitFor();
    await bob.chat.markRead({ roomId: room, seq: headSeq });
    await carol.chat.markDelivered({ roomId: room, seq: headSeq });
    await dan.users.updateSettings({ readReceipts: false });
    await dan.chat.markRead({ roomId: room, seq: headSeq });
    const section = (name: string) => dialog.locator("section", { hasText: name });
    await section("Read").first().getByText("Bob Reads").waitFor();
    await section("Delivered").getByText("Carol Later").waitFor();
    expect(await section("Read").first().getByText("Dan Discreet").count()).toBe(0);
    await check(page, "read by");
  });
}

test("a room is silent for as long as one likes, and its mark goes when that ends", async () => {
  const ada = await w.person("Ada");
  await ada.room("Noisy");
  const page = await w.window(ada);
  await page.context().addInitScript(AXE);
  await page.reload();
  await openRoom(page, "Noisy");
  await page.getByRole("button", { name: "Room menu" }).click();
  await page.getByRole("menuitem", { name: "Notifications" }).click();
  const dialog = page.getByRole("dialog", { name: "Notifications" });
  for (const choice of ["1 hour", "8 hours", "1 day", "1 week"]) await dialog.getByRole("button", { name: choice }).waitFor();
  await dialog.getByRole("button", { name: "Until unmuted" }).click();
  await dialog.getByText("Muted until you unmute it").waitFor();
  await link(page, "Noisy").getByRole("img", { name: "Muted" }).waitFor();
  await dialog.getByRole("button", { name: "1 day" }).click();
  await dialog.getByText(/Muted until .*\d/).waitFor();
  await check(page, "muted room");
  await page.reload();
  await link(page, "Noisy").getByRole("img", { name: "Muted" }).waitFor();
  await page.getByRole("button", { name: "Room menu" }).click();
  await page.getByRole("menuitem", { name: "Notifications" }).click();
  await dialog.getByRole("button", { name: "Unmute", exact: true }).click();
  await link(page, "Noisy").getByRole("img", { name: "Muted" }).waitFor({ state: "detached" });
});

test("a mute that runs out lets one write again without a reload", async () => {
  const [ada, bob] = [await w.person("Ada"), await w.person("Bob")];
  const room = await ada.room("Short mute");
  await bob.rooms.joinRoom({ roomId: room });
  const page = await w.window(bob);
  await openRoom(page, "Short mute");
  await ada.rooms.muteMember({ roomId: room, userId: bob.id, duration: { seconds: 10n, nanos: 0 } });
  await page.getByText("You’re muted in this room until").waitFor();
  await page.locator(".room-foot textarea").waitFor();
});

test("unread answers show in the list of rooms, at their message and in the thread, until they are read", async () => {
  const [ada, bob] = [await w.person("Ada"), await w.person("Bob")];
  const room = await ada.room("Threaded");
  await ada.room("Aside");
  await bob.rooms.joinRoom({ roomId: room });
  const root = await ada.say(room, "what do you think?");
  const other = await bob.say(room, "not for Ada");
  await answer(bob, room, root, "answered while away");
  await answer(bob, room, other, "to himself");
  const page = await w.window(ada);
  const mark = link(page, "Threaded").getByRole("img", { name: "Unread thread replies" });
  await mark.waitFor();
  await openRoom(page, "Threaded");
  const thread = (text: string) => bubble(page, text).getByRole("button", { name: "1 reply" });
  await thread("what do you think?").getByRole("img", { name: "Unread thread replies" }).waitFor();
  expect(await thread("not for Ada").getByRole("img").count()).toBe(0);
  await thread("what do you think?").click();
  const panel = page.getByRole("complementary", { name: "Thread" });
  await panel.getByText("answered while away").waitFor();
  await mark.waitFor({ state: "detached" });
  // It stays in sight, so what comes is read at once.
  await answer(bob, room, root, "and again");
  await panel.getByText("and again").waitFor();
  await panel.getByRole("button", { name: "Close" }).click();
  await openRoom(page, "Aside");
  await answer(bob, room, root, "while elsewhere");
  await mark.waitFor();
  await openRoom(page, "Threaded");
  await bubble(page, "what do you think?").getByRole("button", { name: "3 replies" }).click();
  await panel.locator(".row-new").waitFor();
  await expect.poll(() => panel.locator(".row-new").locator("xpath=following::article[1]").innerText()).toContain("while elsewhere");
  await mark.waitFor({ state: "detached" });
});

test("in a thread one writes as in a room: files, pasted and dropped ones too, edits and answers", async () => {
  const [ada, bob] = [await w.person("Ada"), await w.person("Bob")];
  const room = await ada.room("Thread files");
  await bob.rooms.joinRoom({ roomId: room });
  const root = await bob.say(room, "show me");
  await answer(bob, room, root, "please");
  const page = await w.window(ada);
  await page.context().addInitScript(AXE);
  await page.reload();
  await openRoom(page, "Thread files");
  await bubble(page, "show me").getByRole("button", { name: "1 reply" }).click();
  const panel = page.getByRole("complementary", { name: "Thread" });
  const box = panel.getByRole("textbox", { name: "Reply…" });
  await panel.locator("input[type=file]").setInputFiles({ name: "chosen.png", mimeType: "image/png", buffer: png(600, 400, [90, 60, 160]) });
  await panel.getByText("chosen.png").waitFor();
  const bring = (kind: "paste" | "drop", name: string) =>
    box.evaluate((it, [kind, name]) => {
      const data = new DataTransfer();
      data.items.add(new File(["some text"], name!, { type: "text/plain" }));
      const event = kind === "paste" ? new ClipboardEvent("paste", { clipboardData: data, bubbles: true }) : new DragEvent("drop", { dataTransfer: data, bubbles: true });
      it.dispatchEvent(event);
    }, [kind, name] as const);
  await bring("paste", "pasted.txt");
  await bring("drop", "dropped.txt");
  await expect.poll(() => panel.locator(".pending-attachments li").count()).toBe(3);
  expect(await page.locator(".room-main .pending-attachments li").count()).toBe(0);
  await panel.locator(".pending-attachments progress").first().waitFor({ state: "detached" });
  await expect.poll(() => panel.locator(".pending-attachments progress").count()).toBe(0);
  await box.fill("three files");
  await box.press("Enter");
  const sent = panel.locator(".msg:not(.msg-pending)", { hasText: "three files" });
  await sent.locator(".file", { hasText: "dropped.txt" }).waitFor();
  await sent.locator(".file", { hasText: "pasted.txt" }).waitFor();
  await check(page, "thread with files");
  await sent.getByRole("button", { name: "Open image: chosen.png" }).click();
  await page.locator(".viewer").getByRole("img", { name: /chosen\.png/ }).waitFor();
  await page.keyboard.press("Escape");
  await box.press("ArrowUp");
  await panel.getByText("Editing message").waitFor();
  await box.fill("three fine files");
  await box.press("Enter");
  await panel.locator(".bubble", { hasText: "three fine files" }).waitFor();
  const asked = panel.locator(".msg", { hasText: "please" });
  await asked.hover();
  await asked.getByRole("button", { name: "Reply" }).first().click();
  await panel.locator(".composer-banner", { hasText: "please" }).waitFor();
  await box.fill("you are welcome");
  await box.press("Enter");
  await panel.locator(".msg", { hasText: "you are welcome" }).locator("button.quote", { hasText: "please" }).waitFor();
  expect(await page.getByRole("log", { name: /Messages in/ }).getByText("you are welcome").count()).toBe(0);
});

test("a link to an old message leaves what is newer unread, also in a room that was open before", async () => {
  const [ada, bob] = [await w.person("Ada"), await w.person("Bob")];
  const [room, aside] = [await ada.room("Long ago"), await ada.room("Pointers")];
  await bob.rooms.joinRoom({ roomId: room });
  await bob.rooms.joinRoom({ roomId: aside });
  const first = await ada.say(room, "where it began");
  const page = await w.window(bob);
  await openRoom(page, "Long ago");
  await bubble(page, "where it began").waitFor();
  await openRoom(page, "Pointers");
  for (let i = 1; i <= 120; i++) await ada.say(room, `Line ${i}.`);
  await ada.say(aside, `see ${w.pages.url}/rooms/${room}/${first}`);
  const badge = (count: number) => link(page, "Long ago").getByLabel(`${count} unread messages`).first().waitFor();
  await badge(120);
  await bubble(page, "see").getByRole("link", { name: /rooms/ }).click();
  await page.locator(".msg-flash", { hasText: "where it began" }).waitFor();
  await ada.say(room, "and on");
  await badge(121);
  await page.goto(`${w.pages.url}/rooms/${room}/${first}`);
  await page.locator(".msg-flash", { hasText: "where it began" }).waitFor();
  await ada.say(room, "and on");
  await badge(122);
});
