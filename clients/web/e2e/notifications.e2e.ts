// What is told of messages that are not on the screen.

import type { Page } from "playwright-core";
import { expect, test } from "vitest";

import { NotificationLevel } from "../src/gen/causerie/v1/rooms_pb";
import { waitForTitle, bubble, openRoom, say, world } from "./support/world";

const w = world();

interface Ways {
  /** Whether the window has the focus. */
  focused?: boolean;
  /** What the browser lets pages do. */
  permission?: NotificationPermission;
  /** What its user answers when it asks. */
  answer?: NotificationPermission;
}

interface Told {
  told: string[];
  /** What was told, to be clicked. */
  notes: { onclick?: () => void }[];
  tones: number[];
  asked: number;
  answer: NotificationPermission;
}

/** Has the pages of a window keep what they tell, as if another window had the focus. */
async function listen(page: Page, { focused = false, permission = "granted", answer = permission }: Ways = {}): Promise<void> {
  await page.context().addInitScript(
    ([focused, permission, answer]) => {
      const kept: Told = { told: [], notes: [], tones: [], asked: 0, answer };
      Object.assign(window, { kept });
      const fake = function (this: Told["notes"][0], title: string, { body }: NotificationOptions = {}) {
        kept.told.push(`${title}: ${body ?? ""}`);
        kept.notes.push(Object.assign(this, { close: () => undefined }));
      };
      let may = permission;
      Object.defineProperty(fake, "permission", { get: () => may });
      Object.defineProperty(fake, "requestPermission", { value: () => ((kept.asked += 1), (may = kept.answer), Promise.resolve(may)) });
      Object.defineProperty(window, "Notification", { value: fake });
      document.hasFocus = () => focused;
      const { start } = AudioScheduledSourceNode.prototype;
      OscillatorNode.prototype.start = function (at) {
        kept.tones.push(this.frequency.value);
        start.call(this, at);
      };
    },
    [focused, permission, answer] as const,
  );
}

const kept = (page: Page) => page.evaluate(() => (window as unknown as { kept: Told }).kept);
const told = async (...pages: Page[]) => (await Promise.all(pages.map(kept))).flatMap(({ told }) => told);
const tones = (page: Page) => kept(page).then((it) => it.tones.map(Math.round));
/** Waits until what tells has come: it is what names the tab. */
const listens = (page: Page, name: string) => expect.poll(() => page.title()).toContain(name);
const CHIME = [659, 880];
const link = (page: Page, room: string) => page.getByRole("navigation", { name: "Rooms" }).getByRole("link", { name: new RegExp(room) });
/** What the browser's tab shows. */
const tab = async (page: Page) => [await page.title(), await page.locator("link[rel=icon]").getAttribute("href")];

test("a message that arrives while nobody looks is notified once, in one of two tabs", async () => {
  const [ada, bob] = [await w.person("Ada", "Ada Notifies"), await w.person("Bob")];
  const { room } = await ada.rooms.openDirectRoom({ userId: bob.id });
  const loud = await ada.room("Loud room");
  await bob.rooms.joinRoom({ roomId: loud });
  const page = await w.window(bob, { permissions: ["notifications"] });
  await listen(page);
  await page.goto(`${w.pages.url}/settings/notifications`);
  await page.getByLabel("Direct messages and mentions").check();
  const second = await page.context().newPage();
  await second.goto(`${w.pages.url}/directory`);
  await second.getByRole("link", { name: /Ada Notifies/ }).waitFor();
  await waitForTitle(page, "Settings");
  await ada.say(loud, "not of interest");
  await ada.say(room?.id ?? "", "are **you** there?");
  await second.getByLabel("1 unread message").nth(1).waitFor();
  await expect.poll(() => told(page, second)).toEqual(["Ada Notifies: are you there?"]);
});

test("who writes is told by name, also someone who was never seen before; a file by its name", async () => {
  const [ada, bob] = [await w.person("Ada", "Ada Unseen"), await w.person("Bob")];
  const room = await bob.room("Full of strangers");
  await ada.rooms.joinRoom({ roomId: room });
  const page = await w.window(bob, { permissions: ["notifications"] });
  await listen(page);
  await page.goto(`${w.pages.url}/settings/notifications`);
  await page.getByLabel("All messages").check();
  await waitForTitle(page, "Settings");
  const attachmentIds = [await ada.upload("plan.txt", Buffer.from("a plan"))];
  await ada.chat.sendMessage({ roomId: room, clientMessageId: "a-plan", attachmentIds });
  await expect.poll(() => told(page)).toEqual(["Ada Unseen · Full of strangers: plan.txt"]);
});

test("what is meant for the user rings where the browser shows nothing, and a click on a notification leads to the message", async () => {
  const [ada, bob] = [await w.person("Ada", "Ada Rings"), await w.person("Bob")];
  const { room: direct } = await ada.rooms.openDirectRoom({ userId: bob.id });
  const crowd = await ada.room("A crowd");
  await bob.rooms.joinRoom({ roomId: crowd });
  const [deaf, page] = [await w.window(bob), await w.window(bob)];
  await listen(deaf, { permission: "denied" });
  await listen(page);
  for (const it of [deaf, page]) {
    await it.reload();
    // Browsers let only pages sound that somebody has touched.
    await it.getByRole("link", { name: "Browse rooms" }).first().click();
    await listens(it, "Room directory");
    await link(it, "Ada Rings").waitFor();
  }
  await ada.say(crowd, "just talk");
  for (const it of [deaf, page]) await link(it, "A crowd").getByLabel("1 unread message").waitFor();
  const seq = await ada.say(direct?.id ?? "", "a word with you");
  for (const it of [deaf, page]) await expect.poll(() => tones(it)).toEqual(CHIME);
  expect(await told(deaf)).toEqual([]);
  expect(await told(page)).toEqual(["Ada Rings: a word with you"]);
  await page.evaluate(() => (window as unknown as { kept: Told }).kept.notes[0]?.onclick?.());
  await expect.poll(() => page.url()).toContain(`/rooms/${direct?.id}/${seq}`);
  await bubble(page, "a word with you").waitFor();
});

test("whoever is in another room is rung for and shown the way; of the room on the screen nothing is told", async () => {
  const [ada, bob] = [await w.person("Ada", "Ada Calls"), await w.person("Bob")];
  const { room: direct } = await ada.rooms.openDirectRoom({ userId: bob.id });
  const here = await ada.room("The one on the screen");
  await bob.rooms.joinRoom({ roomId: here });
  const page = await w.window(bob);
  await listen(page, { focused: true });
  await page.reload();
  await openRoom(page, "The one on the screen");
  await listens(page, "The one on the screen");
  await ada.say(here, `here, @${bob.username}`);
  await bubble(page, "here,").waitFor();
  expect(await tones(page)).toEqual([]);
  await ada.say(direct?.id ?? "", "and **there**");
  const card = page.getByRole("status").getByRole("link", { name: /Ada Calls.*and there/ });
  await card.waitFor();
  expect(await tones(page)).toEqual(CHIME);
  await card.click();
  await bubble(page, "and there").waitFor();
  await card.waitFor({ state: "detached" });
  await ada.say(direct?.id ?? "", "and here");
  await bubble(page, "and here").waitFor();
  expect(await tones(page)).toEqual(CHIME);
  expect(await told(page)).toEqual([]);
});

test("whoever has begun to talk is asked once if they want to be told, and the browser only at their word", async () => {
  const bob = await w.person("Bob");
  await bob.room("Offers");
  const page = await w.window(bob);
  await listen(page, { focused: true, permission: "default" });
  await page.reload();
  await openRoom(page, "Offers");
  const offer = page.getByText("Get notified about new messages?");
  expect(await offer.count()).toBe(0);
  await say(page, "my first");
  await offer.waitFor();
  expect((await kept(page)).asked).toBe(0);
  await page.getByRole("button", { name: "Turn on" }).click();
  // The browser has asked and was not answered.
  await page.getByText("Your browser needs your permission to show notifications.").waitFor();
  expect((await kept(page)).asked).toBe(1);
  await offer.waitFor({ state: "detached" });
  await page.reload();
  await say(page, "my second");
  await bubble(page, "my second").waitFor();
  expect(await offer.count()).toBe(0);

  await page.goto(`${w.pages.url}/settings/notifications`);
  await page.getByText("Your browser needs your permission to show notifications.").waitFor();
  expect(await page.getByLabel("All messages").isChecked()).toBe(true);
  await page.evaluate(() => ((window as unknown as { kept: Told }).kept.answer = "granted"));
  await page.getByRole("button", { name: "Turn on" }).click();
  await page.getByText("Your browser needs your permission to show notifications.").waitFor({ state: "detached" });
});

test("whoever does not want to be told now is not asked again, in any tab", async () => {
  const bob = await w.person("Bob");
  await bob.room("Refusals");
  const page = await w.window(bob);
  await listen(page, { permission: "default" });
  const other = await page.context().newPage();
  for (const it of [page, other]) {
    await it.goto(w.pages.url);
    await openRoom(it, "Refusals");
  }
  const offer = (it: Page) => it.getByText("Get notified about new messages?");
  await say(page, "my first");
  for (const it of [page, other]) await offer(it).waitFor();
  await page.getByRole("button", { name: "Not now" }).click();
  for (const it of [page, other]) await offer(it).waitFor({ state: "detached" });
  expect((await kept(page)).asked).toBe(0);
  await other.reload();
  await say(other, "my second");
  await bubble(other, "my second").waitFor();
  expect(await offer(other).count()).toBe(0);
});

test("the tab counts what one wants to hear of, and what is silent is counted in a low voice", async () => {
  const [ada, bob] = [await w.person("Ada"), await w.person("Bob")];
  const rooms = { silent: await ada.room("A silent one"), calls: await ada.room("Calls only"), all: await ada.room("All of it") };
  for (const roomId of Object.values(rooms)) await bob.rooms.joinRoom({ roomId });
  await bob.rooms.updateRoomPreferences({ roomId: rooms.silent, muteNotificationsFor: { seconds: 604_800n, nanos: 0 } });
  await bob.rooms.updateRoomPreferences({ roomId: rooms.calls, level: NotificationLevel.MENTIONS });
  const page = await w.window(bob);
  await page.getByRole("link", { name: "Browse rooms" }).first().click();
  await expect.poll(() => tab(page)).toEqual(["Room directory · Causerie", "/favicon.svg"]);
  const badge = (room: string, quiet: boolean) => link(page, room).locator(`.badge${quiet ? ".badge-quiet" : ":not(.badge-quiet)"}`, { hasText: /\d/ });
  await ada.say(rooms.silent, `@${bob.username}`);
  await ada.say(rooms.calls, "no call");
  await badge("A silent one", true).waitFor();
  await badge("Calls only", true).waitFor();
  await ada.say(rooms.all, "anything");
  await badge("All of it", false).waitFor();
  await expect.poll(() => tab(page)).toEqual(["(1) Room directory · Causerie", "/favicon-unread.svg"]);
  await ada.say(rooms.calls, `a call, @${bob.username}`);
  await badge("Calls only", false).waitFor();
  await expect.poll(() => tab(page)).toEqual(["(2) Room directory · Causerie", "/favicon-unread.svg"]);
  for (const room of ["All of it", "Calls only"]) await openRoom(page, room);
  await expect.poll(() => tab(page)).toEqual(["Calls only · Causerie", "/favicon.svg"]);
  expect(await badge("A silent one", true).innerText()).toBe("1");
});

test("on a phone the way back says how much is unread elsewhere", async () => {
  const [ada, bob] = [await w.person("Ada"), await w.person("Bob")];
  const [here, there] = [await ada.room("In here"), await ada.room("Out there")];
  for (const roomId of [here, there]) await bob.rooms.joinRoom({ roomId });
  const page = await w.window(bob, { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true });
  await openRoom(page, "In here");
  await ada.say(here, "seen at once");
  await bubble(page, "seen at once").waitFor();
  await ada.say(there, "unseen");
  await page.getByRole("link", { name: "Back 1 unread message" }).tap();
  await openRoom(page, "Out there");
  await bubble(page, "unseen").waitFor();
  await page.getByRole("link", { name: "Back", exact: true }).waitFor();
});
