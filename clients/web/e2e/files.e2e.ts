// Files go across.

import { expect, test } from "vitest";

import { bubble, composer, enter, world } from "./support/world";

const w = world();
/** One red pixel. */
const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==",
  "base64",
);
const EVIL = `<img src=x onerror=window.__evil=1>.txt`;

test("a file and an image go to the other, who sees the one and can save the other", async () => {
  const [ada, bob] = [await w.person("Ada"), await w.person("Bob")];
  const room = await ada.room("Files");
  await bob.rooms.joinRoom({ roomId: room });
  const [adas, bobs] = [await w.window(ada), await w.window(bob)];
  await enter(adas, "Files");
  await enter(bobs, "Files");
  await adas.locator("input[type=file]").setInputFiles([
    { name: EVIL, mimeType: "text/plain", buffer: Buffer.from("the content ".repeat(60_000)) },
    { name: "pixel.png", mimeType: "image/png", buffer: PNG },
  ]);
  await adas.locator(".attaching progress").first().waitFor({ state: "detached" });
  await expect.poll(() => adas.locator(".attaching li").count()).toBe(2);
  await composer(adas).fill("two files");
  await adas.getByRole("button", { name: "Send" }).click();
  const message = bubble(bobs, "two files");
  await message.locator(".file", { hasText: EVIL }).waitFor();
  await expect.poll(() => message.locator("img").evaluate((it: HTMLImageElement) => it.complete && it.naturalWidth > 0)).toBe(true);
  const link = message.locator(".file");
  await expect.poll(() => link.getAttribute("href")).toBeTruthy();
  const saved = await bobs.evaluate(async (href) => (await fetch(href)).text(), (await link.getAttribute("href"))!);
  expect(saved.length).toBe(720_000);
  expect(await bobs.evaluate(() => (window as { __evil?: unknown }).__evil)).toBeUndefined();
});
