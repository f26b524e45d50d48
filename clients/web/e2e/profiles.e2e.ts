// A profile and a block are the same wherever somebody looks, as soon as they change.

import { expect, test } from "vitest";

import { bubble, openRoom, world } from "./support/world";

const w = world();

test("a new name is shown at once in the list of rooms, the messages and the list of members", async () => {
  const [ada, bob] = [await w.person("Ada"), await w.person("Bob", "Bob Before")];
  const direct = (await ada.rooms.openDirectRoom({ userId: bob.id })).room?.id ?? "";
  const room = await ada.room("Names");
  await bob.rooms.joinRoom({ roomId: room });
  await bob.say(direct, "in private");
  await bob.say(room, "for all");
  const page = await w.window(ada);
  await openRoom(page, "Names");
  await bubble(page, "for all").waitFor();
  const shown = (name: string) =>
    Promise.all([
      page.getByRole("navigation", { name: "Rooms" }).getByRole("link", { name: new RegExp(name) }).first().waitFor(),
      page.getByRole("log").getByText(name, { exact: true }).first().waitFor(),
      page.locator(".member", { hasText: name }).first().waitFor(),
    ]);
  await shown("Bob Before");
  await bob.users.updateProfile({ displayName: "Bob After" });
  await shown("Bob After");
  expect(await page.getByText("Bob Before").count()).toBe(0);
});

test("one's own name and whom one has blocked follow from another device", async () => {
  const [ada, bob] = [await w.person("Ada"), await w.person("Bob", "Bob Blocked")];
  await ada.rooms.openDirectRoom({ userId: bob.id });
  const page = await w.window(ada);
  await openRoom(page, "Bob Blocked");
  await ada.users.updateProfile({ displayName: "Countess" });
  await page.locator(".account-button", { hasText: "Countess" }).waitFor();
  await page.getByRole("button", { name: "Room menu" }).click();
  await page.getByRole("menuitem", { name: "Profile" }).click();
  const card = page.getByRole("dialog");
  await card.getByRole("button", { name: "Block", exact: true }).waitFor();
  await ada.users.blockUser({ userId: bob.id });
  await card.getByRole("button", { name: "Unblock" }).waitFor();
  await ada.users.unblockUser({ userId: bob.id });
  await card.getByRole("button", { name: "Block", exact: true }).waitFor();
  await page.goto(`${w.pages.url}/settings/privacy`);
  await page.getByText("You haven’t blocked anyone.").waitFor();
  await ada.users.blockUser({ userId: bob.id });
  await page.locator(".plain-list", { hasText: "Bob Blocked" }).waitFor();
});
