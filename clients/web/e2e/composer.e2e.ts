// Writing: what goes with a text, where it is kept, and who is offered.

import type { Locator, Page } from "playwright-core";
import { expect, test } from "vitest";

import { AXE, check } from "./support/axe";
import { png } from "./support/images";
import { bubble, composer, openRoom, say, world } from "./support/world";

const w = world();
const text = (name: string, content = name) => ({ name, mimeType: "text/plain", buffer: Buffer.from(content) });
const picture = { name: "dusk.png", mimeType: "image/png", buffer: png(300, 200, [150, 90, 120]) };
const picker = (page: Page) => page.locator("input[type=file]");
const attached = (page: Page) => page.locator(".pending-attachments li");
const uploaded = (page: Page) => expect.poll(() => page.locator(".pending-attachments progress").count()).toBe(0);

/** Someone in a room of their own. */
async function alone(name: string) {
  const ada = await w.person("Ada");
  const room = await ada.room(name);
  const page = await w.window(ada);
  await openRoom(page, name);
  return { ada, room, page };
}

/** A drag of a file, as the browser tells it. Whether the page has taken it. */
const drag = (at: Locator, kind: "dragover" | "drop", name: string) =>
  at.evaluate((it, [kind, name]) => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File(["some text"], name!, { type: "text/plain" }));
    return !it.dispatchEvent(new DragEvent(kind!, { dataTransfer, bubbles: true, cancelable: true }));
  }, [kind, name] as const);

test("files, the quote of an answer and an edit are still there after a glance elsewhere", async () => {
  const { ada, room, page } = await alone("Glances");
  await ada.say(room, "Pictures, anyone?");
  await bubble(page, "Pictures").hover();
  await bubble(page, "Pictures").getByRole("button", { name: "Reply" }).click();
  await page.locator(".composer-banner .quote").waitFor();
  await picker(page).setInputFiles([picture, text("notes.txt")]);
  await composer(page).fill("these two");
  await page.getByRole("link", { name: "Mentions", exact: true }).click();
  await page.getByText("No mentions yet.").waitFor();
  await openRoom(page, "Glances");
  await expect.poll(() => attached(page).count()).toBe(2);
  // The picture is shown before it is a file.
  await expect.poll(() => page.locator(".pending-attachments img").evaluate((it: HTMLImageElement) => it.naturalWidth)).toBe(300);
  await uploaded(page);
  expect(await composer(page).inputValue()).toBe("these two");
  await composer(page).press("Enter");
  const sent = bubble(page, "these two");
  await sent.locator("button.quote", { hasText: "Pictures" }).waitFor();
  await sent.locator(".file", { hasText: "notes.txt" }).waitFor();
  expect(await attached(page).count()).toBe(0);

  await composer(page).press("ArrowUp");
  await composer(page).fill("these three");
  await page.getByRole("link", { name: "Mentions", exact: true }).click();
  await page.getByText("No mentions yet.").waitFor();
  await openRoom(page, "Glances");
  await page.getByText("Editing message").waitFor();
  await composer(page).press("Enter");
  await bubble(page, "these three").waitFor();
  expect(await bubble(page, "these two").count()).toBe(0);
});

test("what is sent before its files are uploaded leaves when they are, and can be called off", async () => {
  const { page } = await alone("Later");
  const held: (() => void)[] = [];
  await page.route("**/causerie.v1.FileService/UploadChunk", (route) => void held.push(() => void route.continue()));
  await picker(page).setInputFiles(text("slow.txt"));
  await composer(page).fill("with a file");
  await composer(page).press("Enter");
  const note = page.getByText("Will send when the upload finishes");
  await note.waitFor();
  await page.locator(".composer").getByRole("button", { name: "Cancel" }).click();
  await note.waitFor({ state: "detached" });
  await composer(page).press("Enter");
  await note.waitFor();
  expect(await page.locator(".msg").count()).toBe(0);
  await expect.poll(() => held.length).toBe(1);
  // It leaves from wherever its writer is.
  await page.getByRole("link", { name: "Mentions", exact: true }).click();
  held[0]!();
  await openRoom(page, "Later");
  await bubble(page, "with a file").locator(".file", { hasText: "slow.txt" }).waitFor();
  expect(await composer(page).inputValue()).toBe("");
});

test("a file can be dropped anywhere on a room, and nowhere does it take the page's place", async () => {
  const { page } = await alone("Drops");
  await page.locator(".composer").waitFor();
  const timeline = page.locator(".timeline");
  // The page prevents it by itself, before there is a zone that takes it.
  const zone = page.getByText("Drop files here to attach them");
  await expect.poll(async () => (await drag(timeline, "dragover", "log.txt"), zone.isVisible())).toBe(true);
  expect(await drag(timeline, "drop", "log.txt")).toBe(true);
  await zone.waitFor({ state: "detached" });
  expect(await drag(page.locator(".room-head"), "drop", "head.txt")).toBe(true);
  await expect.poll(() => attached(page).allInnerTexts().then((all) => all.map((it) => it.split("\n")[0]).sort())).toEqual(["head.txt", "log.txt"]);
  await uploaded(page);
  await expect.poll(() => drag(page.getByRole("navigation", { name: "Rooms" }), "dragover", "else.txt")).toBe(true);
  expect(await drag(page.getByRole("navigation", { name: "Rooms" }), "drop", "else.txt")).toBe(true);
  expect(await attached(page).count()).toBe(2);
});

test("more files than go with a message, and files with nothing in them, are refused in words", async () => {
  const { page } = await alone("Many");
  await picker(page).setInputFiles([text("void.txt", ""), ...Array.from({ length: 12 }, (_, i) => text(`${i}.txt`))]);
  await page.getByText("void.txt: This file is empty.").waitFor();
  await page.getByText("You can attach up to 10 files per message.").waitFor();
  expect(await attached(page).count()).toBe(10);
  await uploaded(page);
});

test("cells of a sheet are pasted as text, a copied picture as a file", async () => {
  const { page } = await alone("Pastes");
  const paste = (files: string[], said: string) =>
    composer(page).evaluate((it, [files, said]) => {
      const clipboardData = new DataTransfer();
      for (const name of files) clipboardData.items.add(new File(["bytes"], name, { type: "image/x-any" }));
      if (said) clipboardData.setData("text/plain", said);
      return !it.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
    }, [files, said] as const);
  expect(await paste(["image.png"], "1\t2\n3\t4")).toBe(false);
  expect(await paste(["image.png"], "")).toBe(true);
  expect(await paste(["IMG_1.jpg"], "/home/ada/IMG_1.jpg")).toBe(true);
  await expect.poll(() => attached(page).count()).toBe(2);
  await uploaded(page);
});

test("a key that an input method uses neither sends nor jumps nor picks", async () => {
  const { ada, room, page } = await alone("Methods");
  for (let i = 1; i <= 40; i++) await ada.say(room, `line ${i}`);
  await bubble(page, "line 40").waitFor();
  // As Safari tells the Enter and Chrome the Escape that end a composition.
  const key = (at: Locator, key: string, init: object) =>
    at.evaluate((it, [key, init]) => it.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...(init as object) })), [key, init] as const);
  await composer(page).fill("half");
  await key(composer(page), "Enter", { keyCode: 229 });
  await composer(page).fill("half a word");
  await composer(page).press("Enter");
  await bubble(page, "half a word").waitFor();
  expect(await page.locator(".msg", { hasText: "half" }).count()).toBe(1);

  const log = page.locator(".scroller");
  const fromEnd = () => log.evaluate((it) => it.scrollHeight - it.scrollTop - it.clientHeight);
  await expect.poll(fromEnd).toBeLessThan(5);
  await log.evaluate((it) => (it.scrollTop = 0));
  await expect.poll(fromEnd).toBeGreaterThan(300);
  await key(composer(page), "Escape", { isComposing: true });
  const search = page.getByRole("searchbox", { name: "Search members" });
  await search.fill("Ada");
  await search.press("Escape");
  await search.press("Escape");
  await composer(page).fill("a draft");
  await composer(page).press("Escape");
  expect(await fromEnd()).toBeGreaterThan(300);
  await composer(page).fill("");
  await composer(page).press("Escape");
  await expect.poll(fromEnd).toBeLessThan(5);
});

for (const scheme of ["light", "dark"] as const) {
  test(`everybody can be called by who may, and the list tells what it points at, ${scheme}`, async () => {
    const [ada, bob] = [await w.person("Ada"), await w.person("Bob")];
    const room = await ada.room(`Calls ${scheme}`);
    await bob.rooms.joinRoom({ roomId: room });
    const [adas, bobs] = [await w.window(ada, { colorScheme: scheme }), await w.window(bob)];
    await adas.context().addInitScript(AXE);
    await adas.reload();
    await openRoom(adas, `Calls ${scheme}`);
    await openRoom(bobs, `Calls ${scheme}`);
    await picker(adas).setInputFiles([picture, text("notes.txt")]);
    await expect.poll(() => attached(adas).count()).toBe(2);
    await uploaded(adas);
    await composer(adas).pressSequentially("@");
    await adas.getByRole("option", { name: /Bob/ }).waitFor();
    await adas.getByRole("option", { name: /@here/ }).waitFor();
    const pointed = async () => adas.locator(`[id="${await composer(adas).getAttribute("aria-activedescendant")}"]`).innerText();
    expect(await pointed()).toContain("Ada");
    await composer(adas).press("ArrowDown");
    expect(await pointed()).toContain("Bob");
    await check(adas, "completion");
    await composer(adas).pressSequentially("all");
    await expect.poll(() => adas.getByRole("option").count()).toBe(1);
    await composer(adas).press("Enter");
    expect(await composer(adas).inputValue()).toBe("@all ");
    expect(await composer(adas).getAttribute("aria-activedescendant")).toBeNull();
    await composer(adas).press("Enter");
    await adas.locator(".mention-me", { hasText: "@all" }).waitFor();

    await composer(bobs).pressSequentially("@");
    await bobs.getByRole("option", { name: /Ada/ }).waitFor();
    expect(await bobs.getByRole("option", { name: /@all/ }).count()).toBe(0);
    await composer(bobs).fill("hello @all");
    await bobs.getByText("Only admins can notify everyone").waitFor();
    await composer(bobs).fill("hello all");
    await bobs.getByText("Only admins can notify everyone").waitFor({ state: "detached" });
  });
}

test("on a narrow screen a text that is nearly too long keeps its room", async () => {
  const ada = await w.person("Ada");
  const room = await ada.room("Narrow");
  const page = await w.window(ada, { viewport: { width: 320, height: 640 } });
  await page.goto(`${w.pages.url}/rooms/${room}`);
  await composer(page).fill("a".repeat(3_999));
  await page.locator(".composer-count", { hasText: "1 character left" }).waitFor();
  const width = await composer(page).evaluate((it) => it.getBoundingClientRect().width);
  expect(width).toBeGreaterThan(150);
  await composer(page).fill("a".repeat(4_001));
  await page.locator(".composer-count", { hasText: "1 character too many" }).waitFor();
  expect(await composer(page).evaluate((it) => it.getBoundingClientRect().width)).toBe(width);
});

test("a draft that is sent in one tab is gone in the other", async () => {
  const { page } = await alone("Tabs");
  await composer(page).fill("written once");
  const other = await page.context().newPage();
  await other.goto(page.url());
  await expect.poll(() => composer(other).inputValue()).toBe("written once");
  await composer(other).press("Enter");
  await bubble(page, "written once").waitFor();
  await expect.poll(() => composer(page).inputValue()).toBe("");
  w.clearComplaints();
});

test("arrow up passes over a message that is being deleted", async () => {
  const { page } = await alone("Doomed");
  await say(page, "to stay");
  await say(page, "to go");
  await bubble(page, "to go").hover();
  await bubble(page, "to go").getByRole("button", { name: "More actions" }).click();
  await page.getByRole("menuitem", { name: "Delete" }).click();
  await page.getByRole("button", { name: "Undo" }).waitFor();
  await composer(page).press("ArrowUp");
  await expect.poll(() => composer(page).inputValue()).toBe("to stay");
});

test("a link to one's own pages is followed within the page", async () => {
  const { ada, room, page } = await alone("Links");
  const seq = await ada.say(room, "the one");
  await ada.say(room, `see ${w.pages.url}/rooms/${room}/${seq} or [bank.example](https://evil.example/)`);
  await page.evaluate(() => ((window as { same?: boolean }).same = true));
  const link = bubble(page, "see").getByRole("link", { name: /rooms/ });
  await link.click();
  await expect.poll(() => page.url()).toContain(`/rooms/${room}/${seq}`);
  expect(await page.evaluate(() => (window as { same?: boolean }).same)).toBe(true);
  expect(page.context().pages().length).toBe(1);
  expect(await bubble(page, "see").locator(".md").innerText()).toBe(`see ${w.pages.url}/rooms/${room}/${seq} or bank.example (evil.example)`);
  const elsewhere = bubble(page, "see").getByRole("link", { name: "bank.example" });
  expect(await elsewhere.getAttribute("title")).toBe("https://evil.example/");
  expect(await elsewhere.getAttribute("target")).toBe("_blank");
});

test("whoever has attached, dropped or taken away a file, or no longer answers, goes on writing", async () => {
  const { ada, room, page } = await alone("Goes on");
  const writes = () => expect.poll(() => composer(page).evaluate((it) => it === document.activeElement)).toBe(true);
  const [chooser] = await Promise.all([page.waitForEvent("filechooser"), page.getByRole("button", { name: "Attach files" }).click()]);
  await chooser.setFiles([text("one.txt"), text("two.txt")]);
  await writes();
  await uploaded(page);
  await page.getByRole("button", { name: "Remove: two.txt" }).click();
  await expect.poll(() => attached(page).count()).toBe(1);
  await writes();
  await page.keyboard.type("with one");
  await page.keyboard.press("Enter");
  await bubble(page, "with one").locator(".file", { hasText: "one.txt" }).waitFor();

  await page.locator(".account-button").focus();
  expect(await drag(page.locator(".timeline"), "drop", "three.txt")).toBe(true);
  await writes();
  await ada.say(room, "A question");
  await bubble(page, "A question").hover();
  await bubble(page, "A question").getByRole("button", { name: "Reply" }).click();
  await page.locator(".composer-banner").getByRole("button", { name: "Cancel" }).click();
  await page.locator(".composer-banner").waitFor({ state: "detached" });
  await writes();
});

test("the field is as high as its text, also when its width changes", async () => {
  const { page } = await alone("Heights");
  await page.locator(".composer").waitFor();
  const height = () => composer(page).evaluate((it) => it.clientHeight);
  const fits = () => composer(page).evaluate((it) => it.scrollHeight <= it.clientHeight);
  const one = await height();
  await composer(page).fill("1\n2\n3");
  await expect.poll(height).toBeGreaterThan(one * 2);
  await composer(page).fill("");
  await expect.poll(height).toBe(one);
  await composer(page).fill("words and ".repeat(14));
  await expect.poll(fits).toBe(true);
  const wide = await height();
  await page.setViewportSize({ width: 360, height: 800 });
  await expect.poll(height).toBeGreaterThan(wide);
  expect(await fits()).toBe(true);
  await page.setViewportSize({ width: 1280, height: 800 });
  await expect.poll(height).toBe(wide);
});

test("Shift and Enter begin a new line; where Enter does too, Ctrl and Enter send", async () => {
  const { page } = await alone("Lines");
  await composer(page).pressSequentially("one");
  await composer(page).press("Shift+Enter");
  await composer(page).pressSequentially("two");
  expect(await composer(page).inputValue()).toBe("one\ntwo");
  await composer(page).press("Enter");
  await bubble(page, "two").waitFor();
  await page.goto(`${w.pages.url}/settings/appearance`);
  await page.getByLabel("Press Enter to send").uncheck();
  await openRoom(page, "Lines");
  await composer(page).pressSequentially("three");
  await composer(page).press("Enter");
  await composer(page).pressSequentially("four");
  expect(await composer(page).inputValue()).toBe("three\nfour");
  await composer(page).press("Control+Enter");
  await bubble(page, "four").waitFor();
  expect(await composer(page).inputValue()).toBe("");
});

test("whoever leaves the page while a file is on its way is asked; an upload that failed is tried again when asked to, or with the message", async () => {
  const { page } = await alone("Failures");
  const asks = () =>
    page.evaluate(() => {
      const leaving = new Event("beforeunload", { cancelable: true });
      window.dispatchEvent(leaving);
      return leaving.defaultPrevented;
    });
  // As a server that has broken down tells it.
  let broken = true;
  let refused = 0;
  const headers = { "content-type": "application/grpc-web+proto", "grpc-status": "13" };
  await page.route("**/causerie.v1.FileService/UploadChunk", (route) => (broken ? ((refused += 1), route.fulfill({ headers })) : route.continue()));
  const again = attached(page).getByRole("button", { name: "Try again" });
  // While it is on its way there is no such button.
  const failed = async (times: number) => {
    await expect.poll(() => refused).toBe(times);
    await again.waitFor();
  };
  expect(await asks()).toBe(false);
  await picker(page).setInputFiles(text("stubborn.txt"));
  await failed(1);
  await again.click();
  await failed(2);
  await composer(page).fill("at last");
  await composer(page).press("Enter");
  await failed(3);
  expect(await composer(page).inputValue()).toBe("at last");
  expect(await page.locator(".msg").count()).toBe(0);

  broken = false;
  const held: (() => void)[] = [];
  await page.route("**/causerie.v1.FileService/FinishUpload", (route) => void held.push(() => void route.continue()));
  await composer(page).press("Enter");
  await expect.poll(() => held.length).toBe(1);
  expect(await asks()).toBe(true);
  held[0]!();
  await bubble(page, "at last").locator(".file", { hasText: "stubborn.txt" }).waitFor();
  expect(await asks()).toBe(false);
});
