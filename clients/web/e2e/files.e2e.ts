// Files go across.

import { expect, test } from "vitest";

import { bubble, composer, openRoom, world } from "./support/world";

const w = world({ link: true });
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
  await openRoom(adas, "Files");
  await openRoom(bobs, "Files");
  await adas.locator("input[type=file]").setInputFiles([
    { name: EVIL, mimeType: "text/plain", buffer: Buffer.from("the content ".repeat(60_000)) },
    { name: "pixel.png", mimeType: "image/png", buffer: PNG },
  ]);
  await adas.locator(".pending-attachments progress").first().waitFor({ state: "detached" });
  await expect.poll(() => adas.locator(".pending-attachments li").count()).toBe(2);
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

test("the text of a message with a file can be taken away and written anew", async () => {
  const ada = await w.person("Ada");
  await ada.room("Emptied");
  const page = await w.window(ada);
  await openRoom(page, "Emptied");
  await page.locator("input[type=file]").setInputFiles([{ name: "note.txt", mimeType: "text/plain", buffer: Buffer.from("note") }]);
  await page.locator(".pending-attachments progress").waitFor({ state: "detached" });
  await composer(page).fill("wrong words");
  await page.getByRole("button", { name: "Send" }).click();
  const row = page.locator(".msg", { hasText: "note.txt" });
  await row.locator(".md").waitFor();
  const edit = async (text: string) => {
    await row.hover();
    await row.getByRole("button", { name: "More actions" }).click();
    await page.getByRole("menuitem", { name: "Edit", exact: true }).click();
    await composer(page).fill(text);
    await page.getByRole("button", { name: "Save" }).click();
  };
  await edit("");
  await row.locator(".md").waitFor({ state: "detached" });
  await row.locator(".file", { hasText: "note.txt" }).waitFor();
  await edit("right words");
  await row.getByText("right words").waitFor();
});

test("an upload goes on where it was when the connection comes back", async () => {
  const ada = await w.person("Ada");
  await ada.room("Long way");
  const page = await w.window(ada);
  await openRoom(page, "Long way");
  const calls: string[] = [];
  page.on("request", (it) => it.url().includes("FileService") && calls.push(it.url().split("/").at(-1)!));
  const count = (name: string) => calls.filter((it) => it === name).length;
  // The third piece arrives, but the answer does not.
  await page.route("**/causerie.v1.FileService/UploadChunk", async (route) => {
    if (count("UploadChunk") !== 3) return route.continue();
    await route.fetch();
    w.link.cut();
    return route.abort("connectionreset");
  });
  const bytes = Buffer.alloc(5 * 512 * 1024, "all of it ");
  await page.locator("input[type=file]").setInputFiles({ name: "long.txt", mimeType: "text/plain", buffer: bytes });
  await page.getByText("Connection lost.").waitFor();
  const progress = page.getByRole("progressbar", { name: "Uploading long.txt" });
  expect(await progress.evaluate((it: HTMLProgressElement) => it.value)).toBeCloseTo(0.4);
  w.link.mend();
  await progress.waitFor({ state: "detached" });
  expect([count("StartUpload"), count("UploadChunk"), count("FinishUpload")]).toEqual([1, 5, 1]);
  await composer(page).fill("here it is");
  await page.getByRole("button", { name: "Send" }).click();
  const link = bubble(page, "here it is").locator(".file");
  await expect.poll(() => link.getAttribute("href")).toBeTruthy();
  const saved = await page.evaluate(async (href) => (await (await fetch(href)).arrayBuffer()).byteLength, (await link.getAttribute("href"))!);
  expect(saved).toBe(bytes.length);
  w.clearComplaints();
});

test("what is given up while it is uploaded is not sent, and others go on", async () => {
  const ada = await w.person("Ada");
  await ada.room("Given up");
  const page = await w.window(ada);
  await openRoom(page, "Given up");
  const held = await new Promise<() => void>((resolve) => {
    void page.route("**/causerie.v1.FileService/UploadChunk", (route) => resolve(() => void route.continue().catch(() => undefined)), { times: 1 });
    void page.locator("input[type=file]").setInputFiles({ name: "wrong.txt", mimeType: "text/plain", buffer: Buffer.from("wrong") });
  });
  await page.getByRole("button", { name: "Remove: wrong.txt" }).click();
  held();
  await page.locator("input[type=file]").setInputFiles({ name: "right.txt", mimeType: "text/plain", buffer: Buffer.from("right") });
  await page.locator(".pending-attachments li", { hasText: "right.txt" }).waitFor();
  await page.locator(".pending-attachments progress").waitFor({ state: "detached" });
  await composer(page).fill("the right one");
  await page.getByRole("button", { name: "Send" }).click();
  await bubble(page, "the right one").locator(".file", { hasText: "right.txt" }).waitFor();
  expect(await bubble(page, "the right one").locator(".file").count()).toBe(1);
  w.clearComplaints();
});
