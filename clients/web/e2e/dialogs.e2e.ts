// What lies over a page, dialogs and menus; and the directory.

import { expect, test } from "vitest";

import { bubble, openRoom, world } from "./support/world";

const w = world();

test("a click beside a dialog closes it, a drag out of it or along its scrollbar does not", async () => {
  const ada = await w.person("Ada");
  await ada.room("Beside");
  const page = await w.window(ada, { viewport: { width: 1280, height: 420 } });
  await openRoom(page, "Beside");
  await page.getByRole("navigation", { name: "Rooms" }).getByRole("button", { name: "Create a room" }).click();
  const dialog = page.getByRole("dialog", { name: "Create a room" });
  await dialog.getByLabel("Name").fill("half written");
  // A browser without a screen draws no scrollbars; a border is as much the dialog's own.
  await dialog.evaluate((it) => (it.style.borderInlineEndWidth = "16px"));
  const box = (await dialog.boundingBox())!;
  const press = async (from: [number, number], to: [number, number]) => {
    await page.mouse.move(...from);
    await page.mouse.down();
    await page.mouse.move(...to, { steps: 4 });
    await page.mouse.up();
  };
  const [middle, end] = [box.y + box.height / 2, box.x + box.width];
  await press([box.x + 40, middle], [box.x - 60, middle]);
  await press([box.x - 60, middle], [box.x + 40, middle]);
  await press([end - 4, middle], [end + 60, middle]);
  await press([end - 4, middle], [end - 4, middle + 40]);
  expect(await dialog.getByLabel("Name").inputValue()).toBe("half written");
  await page.mouse.click(box.x - 60, middle);
  await dialog.waitFor({ state: "detached" });
});

test("on a touch screen the tap that closes a dialog does nothing beneath it", async () => {
  const ada = await w.person("Ada");
  const [here] = [await ada.room("Here"), await ada.room("There")];
  const page = await w.window(ada, { hasTouch: true });
  await openRoom(page, "Here");
  const links = page.getByRole("navigation", { name: "Rooms" });
  const other = (await links.getByRole("link", { name: /There/ }).boundingBox())!;
  await links.getByRole("button", { name: "Create a room" }).tap();
  const dialog = page.getByRole("dialog", { name: "Create a room" });
  await dialog.getByLabel("Name").waitFor();
  await page.touchscreen.tap(other.x + 20, other.y + 10);
  await dialog.waitFor({ state: "detached" });
  expect(new URL(page.url()).pathname).toBe(`/rooms/${here}`);
});

test("an open menu keeps the place of the focus while messages come", async () => {
  const [ada, bob] = [await w.person("Ada"), await w.person("Bob")];
  const room = await ada.room("Busy menu");
  await bob.rooms.joinRoom({ roomId: room });
  const page = await w.window(ada);
  await openRoom(page, "Busy menu");
  await page.getByRole("button", { name: "Room menu" }).focus();
  await page.keyboard.press("Enter");
  const item = (name: string) => page.getByRole("menuitem", { name, exact: true });
  const focused = () => page.evaluate(() => document.activeElement?.textContent);
  await expect.poll(focused).toBe("Pinned messages");
  await page.keyboard.press("ArrowDown");
  await expect.poll(focused).toBe("Files");
  await bob.say(room, "while it is open");
  await bubble(page, "while it is open").waitFor();
  expect(await focused()).toBe("Files");
  await page.keyboard.press("ArrowDown");
  expect(await focused()).toBe("Search in this room");
  await bob.rooms.leaveRoom({ roomId: room });
  await page.getByRole("log").getByText("left").waitFor();
  await page.keyboard.press("ArrowUp");
  expect(await focused()).toBe("Files");
  await page.keyboard.press("Enter");
  await page.getByRole("complementary", { name: "Files" }).waitFor();
  expect(await item("Files").count()).toBe(0);
});

test("a dialog is open before the server has answered, and says what could not be read", async () => {
  const ada = await w.person("Ada");
  await ada.room("Slow answers");
  const page = await w.window(ada);
  await openRoom(page, "Slow answers");
  let answer!: (how: "abort" | "continue") => void;
  const how = new Promise<"abort" | "continue">((tell) => (answer = tell));
  await page.route("**/ListInvites", async (route) => route[await how]());
  await page.getByRole("button", { name: "Room menu" }).click();
  await page.getByRole("menuitem", { name: "Invite links" }).click();
  const dialog = page.getByRole("dialog", { name: "Invite links" });
  await dialog.getByRole("button", { name: "Create link" }).waitFor();
  await dialog.locator("ul[aria-busy=true]").waitFor();
  answer("abort");
  const again = dialog.getByRole("button", { name: "Try again" });
  await again.waitFor();
  expect(await dialog.getByText("No invite links yet.").count()).toBe(0);
  w.clearComplaints();
  await page.unroute("**/ListInvites");
  await again.click();
  await dialog.getByText("No invite links yet.").waitFor();
  await dialog.getByRole("button", { name: "Create link" }).click();
  await dialog.getByRole("button", { name: "Deactivate this link" }).click();
  await dialog.getByText("No invite links yet.").waitFor();
  await expect.poll(() => page.evaluate(() => document.activeElement?.tagName)).toBe("UL");
});

test("what a message said before is asked for with the dialog open", async () => {
  const ada = await w.person("Ada");
  const room = await ada.room("Slow versions");
  const seq = await ada.say(room, "the first words");
  await ada.chat.editMessage({ roomId: room, seq: BigInt(seq), text: "the second words" });
  const page = await w.window(ada);
  await openRoom(page, "Slow versions");
  let go!: () => void;
  const gone = new Promise<void>((tell) => (go = tell));
  await page.route("**/ListMessageVersions", async (route) => (await gone, route.continue()));
  await bubble(page, "the second words").hover();
  await bubble(page, "the second words").getByRole("button", { name: "More actions" }).click();
  await page.getByRole("menuitem", { name: "Edit history" }).click();
  const dialog = page.getByRole("dialog", { name: "Edit history" });
  await dialog.getByRole("status", { name: "Loading" }).waitFor();
  go();
  await dialog.getByText("the first words").waitFor();
});

test("the directory goes on beyond its first page", async () => {
  const ada = await w.person("Ada");
  for (let i = 10; i < 70; i++) await ada.rooms.createRoom({ name: `Shelf ${i}`, kind: 1 });
  const page = await w.window(ada);
  await page.goto(`${w.pages.url}/directory`);
  await page.getByRole("searchbox", { name: "Search rooms" }).fill("shelf");
  const rows = page.locator(".directory-item", { hasText: "Shelf" });
  await expect.poll(async () => (await rows.count()) === (await page.locator(".directory-item").count()) && (await rows.count()) > 0).toBe(true);
  while ((await rows.count()) < 60) {
    const before = await rows.count();
    await page.getByRole("button", { name: "Show more" }).click();
    await expect.poll(() => rows.count()).toBeGreaterThan(before);
  }
  await page.getByRole("button", { name: "Show more" }).waitFor({ state: "detached" });
});

test("a directory without a room says that there is none", async () => {
  const page = await w.window(await w.person("Ada"));
  // A server comes with rooms, so its answer is made here: an empty message, and that all is well.
  const trailer = Buffer.from("grpc-status:0\r\n");
  const body = Buffer.from([0, 0, 0, 0, 0, 0x80, 0, 0, 0, trailer.length, ...trailer]);
  await page.route("**/BrowseRooms", (route) => route.fulfill({ contentType: "application/grpc-web+proto", body }));
  await page.goto(`${w.pages.url}/directory`);
  await page.getByText("No public rooms yet. Create the first one.").waitFor();
  await page.getByRole("searchbox", { name: "Search rooms" }).fill("tea");
  await page.getByText("No rooms match “tea”.").waitFor();
});
