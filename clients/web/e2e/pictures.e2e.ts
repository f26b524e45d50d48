// Pictures: looking at those in a room, and those that show people and rooms.

import type { Page } from "playwright-core";
import { expect, test } from "vitest";

import { AXE, check } from "./support/axe";
import { png } from "./support/images";
import { bubble, composer, openRoom, world } from "./support/world";

const w = world();

const COLOURS = { red: [200, 40, 40], green: [40, 150, 80], blue: [40, 70, 200] } as const;
const picture = (name: keyof typeof COLOURS, width = 1600, height = 1000) => ({
  name: `${name}.png`,
  mimeType: "image/png",
  buffer: png(width, height, COLOURS[name]),
});

async function send(page: Page, files: ReturnType<typeof picture>[], text: string): Promise<void> {
  await page.locator(".room-foot input[type=file]").setInputFiles(files);
  await expect.poll(() => page.locator(".pending-attachments li").count()).toBe(files.length);
  await composer(page).fill(text);
  await page.getByRole("button", { name: "Send" }).click();
  await bubble(page, text).locator("img").first().waitFor();
}

const seen = (page: Page) => page.getByRole("dialog").locator("img");
const drawn = (page: Page) => expect.poll(() => seen(page).evaluate((it: HTMLImageElement) => it.complete && it.naturalWidth)).toBe(1600);
const focused = (page: Page) => page.evaluate(() => document.activeElement?.getAttribute("aria-label"));

for (const scheme of ["light", "dark"] as const) {
  test(`a picture opens over the page, others are an arrow away, and the focus comes back, ${scheme}`, async () => {
    const ada = await w.person("Ada", "Ada Lens");
    await ada.room(`Gallery ${scheme}`);
    const page = await w.window(ada, { colorScheme: scheme });
    await page.context().addInitScript(AXE);
    await page.reload();
    await openRoom(page, `Gallery ${scheme}`);
    await send(page, [picture("red"), picture("green")], "two of them");
    await send(page, [picture("blue", 1600, 3000)], "and one");
    await page.getByRole("button", { name: "Open image: green.png" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("img", { name: "Image from Ada Lens: green.png" }).waitFor();
    await page.getByText("2 of 3").waitFor();
    await drawn(page);
    await check(page, "viewer");
    await page.keyboard.press("ArrowRight");
    await page.getByRole("img", { name: "Image from Ada Lens: blue.png" }).waitFor();
    expect(await page.getByRole("button", { name: "Next image" }).count()).toBe(0);
    await drawn(page);
    const fits = async () => (await seen(page).boundingBox())!.height <= 800;
    expect(await fits()).toBe(true);
    await page.getByRole("button", { name: "Actual size" }).click();
    await expect.poll(async () => (await seen(page).boundingBox())!.height).toBe(3000);
    await check(page, "viewer, zoomed");
    await page.getByRole("button", { name: "Fit to screen" }).click();
    await expect.poll(fits).toBe(true);
    await page.getByRole("button", { name: "Previous image" }).click();
    await page.getByRole("button", { name: "Next image" }).click();
    // It is gone with the last picture, and the focus with it.
    await page.getByRole("button", { name: "Next image" }).waitFor({ state: "detached" });
    await page.keyboard.press("ArrowLeft");
    await page.getByText("2 of 3").waitFor();
    await page.keyboard.press("ArrowLeft");
    await page.getByText("1 of 3").waitFor();
    const [saved] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Download: red.png" }).click()]);
    expect(saved.suggestedFilename()).toBe("red.png");
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    expect(await focused(page)).toBe("Open image: green.png");
  });
}

test("on a phone a finger turns the pages, and in Arabic they run the other way", async () => {
  const ada = await w.person("Ada", "Ada Swipes");
  await ada.room("Swipes");
  const page = await w.window(ada, { viewport: { width: 320, height: 640 }, isMobile: true, hasTouch: true });
  await openRoom(page, "Swipes");
  await send(page, [picture("red"), picture("green")], "two of them");
  await page.getByRole("button", { name: "Open image: red.png" }).tap();
  await page.getByText("1 of 2").waitFor();
  const swipe = async (from: number, to: number) => {
    const session = await page.context().newCDPSession(page);
    await session.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints: [{ x: from, y: 300 }] });
    for (let i = 1; i <= 4; i++) {
      await session.send("Input.dispatchTouchEvent", { type: "touchMove", touchPoints: [{ x: from + ((to - from) * i) / 4, y: 300 }] });
    }
    await session.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
  };
  await swipe(260, 60);
  await page.getByText("2 of 2").waitFor();
  await swipe(60, 260);
  await page.getByText("1 of 2").waitFor();
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
  await page.getByRole("button", { name: "Close" }).tap();
  await page.goto(`${w.pages.url}/settings/language`);
  await page.getByLabel("العربية").check();
  await page.goBack();
  await page.locator("button.image").first().tap();
  await page.locator(".viewer").getByText("1 من 2").waitFor();
  await page.keyboard.press("ArrowLeft");
  await page.locator(".viewer").getByText("2 من 2").waitFor();
});

test("a photo is chosen, seen by others, and taken away again", async () => {
  const [ada, bob] = [await w.person("Ada", "Ada Face"), await w.person("Bob", "Bob Sees")];
  const room = await ada.room("Faces");
  await bob.rooms.joinRoom({ roomId: room });
  await ada.say(room, "look at me");
  const page = await w.window(ada);
  await page.context().addInitScript(AXE);
  await page.goto(`${w.pages.url}/settings`);
  const photo = page.locator(".picture-field .avatar img");
  await page.locator(".picture-field input[type=file]").setInputFiles(picture("green"));
  await photo.waitFor();
  expect(await photo.getAttribute("src")).toMatch(/^blob:/);
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Saved", { exact: true }).waitFor();
  await page.locator(".account-bar .avatar img").waitFor();
  await expect.poll(() => photo.getAttribute("src")).toMatch(/^\/files\//);
  await check(page, "profile with a photo");
  const bobs = await w.window(bob);
  await openRoom(bobs, "Faces");
  const face = bubble(bobs, "look at me").locator(".avatar img");
  await expect.poll(() => face.evaluate((it: HTMLImageElement) => [it.naturalWidth, it.naturalHeight])).toEqual([128, 128]);
  await bobs.locator(".member", { hasText: "Ada Face" }).locator("img").waitFor();
  await page.getByRole("button", { name: "Remove picture" }).click();
  await photo.waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Save" }).click();
  await page.locator(".account-bar .avatar img").waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Choose picture" }).waitFor();
  await bobs.reload();
  await bubble(bobs, "look at me").waitFor();
  await expect.poll(() => face.count()).toBe(0);
});

test("what is no image is refused as a photo, in words", async () => {
  const ada = await w.person("Ada");
  const page = await w.window(ada);
  await page.goto(`${w.pages.url}/settings`);
  const file = { name: "fake.png", mimeType: "image/png", buffer: Buffer.from("no image at all") };
  await page.locator(".picture-field input[type=file]").setInputFiles(file);
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("alert").getByText("This file isn’t an image.").waitFor();
});

test("an admin gives a room its picture, and everybody sees it at once", async () => {
  const [ada, bob] = [await w.person("Ada"), await w.person("Bob")];
  const room = await ada.room("Pictured");
  await bob.rooms.joinRoom({ roomId: room });
  const [adas, bobs] = [await w.window(ada), await w.window(bob)];
  await adas.context().addInitScript(AXE);
  await adas.reload();
  await openRoom(adas, "Pictured");
  await openRoom(bobs, "Pictured");
  await adas.getByRole("button", { name: "Room menu" }).click();
  await adas.getByRole("menuitem", { name: "Edit room" }).click();
  await adas.getByRole("dialog").locator("input[type=file]").setInputFiles(picture("blue"));
  await adas.getByRole("dialog").locator(".avatar img").waitFor();
  await adas.getByLabel("Only messages sent after they join").check();
  await check(adas, "edit room");
  await adas.getByRole("button", { name: "Save" }).click();
  await adas.getByRole("dialog").waitFor({ state: "detached" });
  await bobs.locator(".room-head .avatar img").waitFor();
  await bobs.locator(".room-link", { hasText: "Pictured" }).locator(".avatar img").waitFor();
  await bobs.goto(`${w.pages.url}/directory`);
  await bobs.locator(".directory-item", { hasText: "Pictured" }).locator(".avatar img").waitFor();
  const carol = await w.person("Carol");
  await ada.say(room, "before Carol");
  await carol.rooms.joinRoom({ roomId: room });
  await ada.say(room, "after Carol");
  const carols = await w.window(carol);
  await openRoom(carols, "Pictured");
  await bubble(carols, "after Carol").waitFor();
  expect(await bubble(carols, "before Carol").count()).toBe(0);
});
