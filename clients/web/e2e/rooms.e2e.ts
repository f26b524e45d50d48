// Rooms that not everybody sees, and who may do what in them.

import { expect, test } from "vitest";

import { AXE, check } from "./support/axe";
import { bubble, composer, openRoom, say, world } from "./support/world";

const w = world();

test("two people write directly to each other", async () => {
  const [ada, bob] = [await w.person("Ada", "Ada Direct"), await w.person("Bob", "Bob Direct")];
  const [adas, bobs] = [await w.window(ada), await w.window(bob)];
  await adas.getByRole("button", { name: "New direct message" }).click();
  await adas.getByRole("combobox", { name: "Search people" }).fill("Bob D");
  await adas.getByRole("option", { name: /Bob Direct/ }).waitFor();
  await adas.getByRole("combobox", { name: "Search people" }).press("Enter");
  await adas.getByRole("heading", { name: "Bob Direct", level: 1 }).waitFor();
  await say(adas, "Just between us");
  const link = bobs.getByRole("navigation", { name: "Rooms" }).getByRole("link", { name: /Ada Direct/ });
  await link.getByLabel("1 unread message").waitFor();
  await link.click();
  await bubble(bobs, "Just between us").waitFor();
  await bobs.getByText("This is the beginning of your messages with Ada Direct.").waitFor();
});

test("whom one blocks can send nothing directly, and is told so", async () => {
  const [ada, bob] = [await w.person("Ada", "Ada Blocks"), await w.person("Bob", "Bob Blocked")];
  const { room } = await ada.rooms.openDirectRoom({ userId: bob.id });
  await bob.say(room?.id ?? "", "hello");
  const [adas, bobs] = [await w.window(ada), await w.window(bob)];
  await openRoom(adas, "Bob Blocked");
  await openRoom(bobs, "Ada Blocks");
  await adas.getByRole("button", { name: "Room menu" }).click();
  await adas.getByRole("menuitem", { name: "Profile" }).click();
  await adas.getByRole("dialog").getByRole("button", { name: "Block" }).click();
  await adas.getByRole("dialog").getByRole("button", { name: "Unblock" }).waitFor();
  await say(bobs, "are you there?");
  await bobs.getByRole("alert").getByText("one of you has blocked the other").waitFor();
  await adas.goto(`${w.pages.url}/settings/privacy`);
  await adas.getByRole("button", { name: "Unblock" }).click();
  await adas.getByText("You haven’t blocked anyone.").waitFor();
  await bobs.getByRole("button", { name: "Send again" }).click();
  await bubble(bobs, "are you there?").waitFor();
});

test("a private room is made, filled and managed by its owner", async () => {
  const [ada, bob] = [await w.person("Ada"), await w.person("Bob", "Bob Member")];
  const [adas, bobs] = [await w.window(ada), await w.window(bob)];
  await adas.getByRole("button", { name: "Create a room" }).first().click();
  await adas.getByLabel("Name").fill("Secret garden");
  await adas.getByLabel("Private room").check();
  await adas.getByRole("button", { name: "Create", exact: true }).click();
  await adas.getByRole("heading", { name: "Secret garden", level: 1 }).waitFor();
  await adas.getByRole("button", { name: "Room menu" }).click();
  await adas.getByRole("menuitem", { name: "Add members" }).click();
  await adas.getByRole("combobox", { name: "Search people" }).fill("Bob Mem");
  await adas.getByRole("option", { name: /Bob Member/ }).first().click();
  await adas.getByRole("dialog").getByRole("button", { name: "Add", exact: true }).click();
  await adas.getByRole("dialog").waitFor({ state: "detached" });
  await openRoom(bobs, "Secret garden");
  expect(await bobs.getByRole("menuitem", { name: "Edit room" }).count()).toBe(0);

  const manage = async (item: string) => {
    await adas.locator(".member", { hasText: "Bob Member" }).click();
    await adas.getByRole("button", { name: "Manage" }).click();
    await adas.getByRole("menuitem", { name: item, exact: true }).click();
  };
  await manage("Mute");
  await adas.getByRole("dialog", { name: "Mute" }).getByRole("button", { name: "Until unmuted" }).click();
  await adas.getByRole("dialog", { name: /profile/ }).getByText("Muted indefinitely").waitFor();
  await bobs.getByText("You’re muted in this room.").waitFor();
  await adas.keyboard.press("Escape");
  await manage("Mute");
  await adas.getByRole("dialog", { name: "Mute" }).getByRole("button", { name: "8 hours" }).click();
  await adas.getByRole("dialog", { name: /profile/ }).getByText(/Muted until .*\d/).waitFor();
  await adas.keyboard.press("Escape");
  await bobs.getByText("You’re muted in this room until").waitFor();
  await manage("Unmute");
  await adas.keyboard.press("Escape");
  await composer(bobs).waitFor();
  await manage("Make admin");
  await adas.keyboard.press("Escape");
  await bobs.getByRole("log").getByText("made Bob Member an admin").waitFor();
  await manage("Ban from room");
  await adas.getByRole("dialog", { name: "Ban from room" }).getByRole("button", { name: "Ban from room" }).click();
  await bobs.getByRole("heading", { name: "This room doesn’t exist" }).waitFor();
  await adas.getByRole("dialog", { name: "Ban from room" }).waitFor({ state: "detached" });
  await adas.keyboard.press("Escape");
  await adas.getByRole("button", { name: "Room menu" }).click();
  await adas.getByRole("menuitem", { name: "Banned people" }).click();
  await adas.getByRole("button", { name: "Unban" }).click();
  await adas.getByText("No one is banned.").waitFor();
});

test("an archived room can be read and nothing is written in it", async () => {
  const ada = await w.person("Ada");
  await ada.room("New plans");
  const room = await ada.room("Old plans");
  await ada.say(room, "what we planned");
  const page = await w.window(ada);
  await openRoom(page, "Old plans");
  await page.getByRole("button", { name: "Room menu" }).click();
  await page.getByRole("menuitem", { name: "Archive room" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Archive room" }).click();
  await page.getByText("This room is archived. You can read it").waitFor();
  await bubble(page, "what we planned").waitFor();
  // In the list it stands last, and says so.
  const links = page.getByRole("navigation", { name: "Rooms" }).locator(".room-link", { hasText: /plans/ });
  await links.last().getByRole("img", { name: "Archived" }).waitFor();
  expect(await links.allInnerTexts().then((all) => all.map((text) => text.includes("Old")))).toEqual([false, true]);
  await page.getByRole("button", { name: "Room menu" }).click();
  await page.getByRole("menuitem", { name: "Unarchive room" }).click();
  await composer(page).waitFor();
});

test("a session is ended from another device, whose page then asks to sign in", async () => {
  const ada = await w.person("Ada");
  const [here, there] = [await w.window(ada), await w.window(ada)];
  await here.goto(`${w.pages.url}/settings/sessions`);
  await here.getByText("This device").waitFor();
  await here.getByRole("button", { name: "Sign out of all other sessions" }).click();
  await here.getByText(/Signed out of \d+ sessions\./).waitFor();
  await there.getByText("Your session has ended. Please sign in again.").waitFor();
});

test("someone who never was in a room is kept out of it, and let in again", async () => {
  const [ada, bob] = [await w.person("Ada"), await w.person("Bob", "Bob Outside")];
  const room = await ada.room("Keep out");
  const page = await w.window(ada);
  await page.context().addInitScript(AXE);
  await page.reload();
  await openRoom(page, "Keep out");
  await page.getByRole("button", { name: "Room menu" }).click();
  await page.getByRole("menuitem", { name: "Banned people" }).click();
  const dialog = page.getByRole("dialog", { name: "Banned people" });
  await dialog.getByText("No one is banned.").waitFor();
  await dialog.getByRole("button", { name: "Ban someone" }).click();
  await dialog.getByRole("combobox").fill("Bob Out");
  await dialog.getByRole("option", { name: /Bob Outside/ }).waitFor();
  await check(page, "somebody to ban");
  await dialog.getByRole("option", { name: /Bob Outside/ }).click();
  await dialog.getByRole("button", { name: "Unban" }).waitFor();
  await check(page, "bans");
  await expect(bob.rooms.joinRoom({ roomId: room })).rejects.toThrow(/banned/i);
  await dialog.getByRole("button", { name: "Unban" }).click();
  await dialog.getByText("No one is banned.").waitFor();
  await bob.rooms.joinRoom({ roomId: room });
});
