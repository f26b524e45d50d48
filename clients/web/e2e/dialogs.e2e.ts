// What lies over a page: dialogs and menus.

import { expect, test } from "vitest";

import { bubble, enter, world } from "./support/world";

const w = world();

test("a click beside a dialog closes it, a drag out of it or along its scrollbar does not", async () => {
  const ada = await w.person("Ada");
  await ada.room("Beside");
  const page = await w.window(ada, { viewport: { width: 1280, height: 420 } });
  await enter(page, "Beside");
  await page.getByRole("navigation", { name: "Rooms" }).getByRole("button", { name: "Create a room" }).click();
  const dialog = page.getByRole("dialog", { name: "Create a room" });
  await dialog.getByLabel("Name").fill("half written");
  const box = (await dialog.boundingBox())!;
  const press = async (from: [number, number], to: [number, number]) => {
    await page.mouse.move(...from);
    await page.mouse.down();
    await page.mouse.move(...to, { steps: 4 });
    await page.mouse.up();
  };
  const [middle, end] = [box.y + box.height / 2, box.x + box.width];
  await press([box.x + 40, middle], [box.x - 60, middle]);
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
  await enter(page, "Here");
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
  await enter(page, "Busy menu");
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
