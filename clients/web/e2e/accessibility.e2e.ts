// For everybody: axe in both themes, a phone, a keyboard alone, another direction.

import { expect, test } from "vitest";

import { AXE, check } from "./support/axe";
import { PASSWORD } from "./support/people";
import { bubble, composer, openRoom, world } from "./support/world";

const w = world();
for (const scheme of ["light", "dark"] as const) {
  test(`axe finds nothing on any page, ${scheme}`, async () => {
    const ada = await w.person("Ada", "Ada Lovelace");
    const bob = await w.person("Bob", "Bob Stone");
    const room = await ada.room(`Axe ${scheme}`);
    await bob.rooms.joinRoom({ roomId: room });
    await bob.say(room, "Look: **bold**, `code`, https://example.org\n> a quote\n\n```js\nlet x = 1;\n```");
    const seq = await ada.say(room, "mine");
    await bob.chat.addReaction({ roomId: room, seq: BigInt(seq), emoji: "👍" });
    await ada.chat.addReaction({ roomId: room, seq: BigInt(seq), emoji: "👍" });
    await ada.chat.editMessage({ roomId: room, seq: BigInt(seq), text: "mine, edited" });
    await ada.chat.pinMessage({ roomId: room, seq: BigInt(seq) });
    await bob.chat.sendMessage({ roomId: room, text: "an answer", clientMessageId: "a", replyToSeq: BigInt(seq) });
    await bob.say(room, `@${ada.username} look`);
    const gone = await bob.say(room, "gone");
    await bob.chat.deleteMessage({ roomId: room, seq: BigInt(gone) });
    const { room: dm } = await bob.rooms.openDirectRoom({ userId: ada.id });
    await bob.say(dm?.id ?? "", "hello");

    const page = await w.window(undefined, { colorScheme: scheme });
    await page.context().addInitScript(AXE);
    for (const [path, button] of [["login", "Sign in"], ["register", "Create account"]] as const) {
      await page.goto(`${w.pages.url}/${path}`);
      await page.getByRole("button", { name: button }).waitFor();
      await check(page, path);
    }
    await page.goto(`${w.pages.url}/login`);
    await page.getByLabel("Username").fill(ada.username);
    await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("link", { name: /Bob Stone/ }).first().waitFor();
    await check(page, "home");
    await openRoom(page, `Axe ${scheme}`);
    await bubble(page, "an answer").waitFor();
    await page.locator(".member").nth(1).waitFor();
    await check(page, "room");
    await bubble(page, "an answer").hover();
    await bubble(page, "an answer").getByRole("button", { name: "More actions" }).click();
    await check(page, "message menu");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Emoji", exact: true }).click();
    await page.locator(".emoji-grid").nth(3).waitFor();
    await check(page, "emoji picker");
    await page.keyboard.press("Escape");
    await bubble(page, "an answer").hover();
    await bubble(page, "an answer").getByRole("button", { name: "Reply" }).first().click();
    await composer(page).fill("@bob");
    await page.locator(".completion").waitFor();
    await check(page, "answering");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Room menu" }).click();
    await page.getByRole("menuitem", { name: "Pinned messages" }).click();
    await page.locator(".pin-item").waitFor();
    await check(page, "pins");
    await page.locator(".msg-name").first().click();
    await page.getByRole("button", { name: "Manage" }).waitFor();
    await check(page, "person");
    await page.keyboard.press("Escape");
    await bubble(page, "an answer").hover();
    await bubble(page, "an answer").getByRole("button", { name: "More actions" }).click();
    await page.getByRole("menuitem", { name: "Reply in thread" }).click();
    await page.locator(".thread .msg").first().waitFor();
    await check(page, "thread");
    for (const [item, ready] of [["Invite links", "Create link"], ["Notifications", "Mentions only"], ["Add members", "Cancel"]] as const) {
      await page.getByRole("button", { name: "Room menu" }).click();
      await page.getByRole("menuitem", { name: item }).click();
      await page.getByRole("dialog").getByText(ready).waitFor();
      await check(page, item);
      await page.keyboard.press("Escape");
    }
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox").waitFor();
    await check(page, "palette");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Create a room" }).click();
    await page.getByLabel("Topic").waitFor();
    await check(page, "create room");
    await page.keyboard.press("Escape");
    await page.goto(`${w.pages.url}/search/look`);
    await page.getByRole("searchbox", { name: "Search messages" }).waitFor();
    await page.locator("[aria-busy=true]").waitFor({ state: "detached" });
    await check(page, "search");
    await page.goto(`${w.pages.url}/mentions`);
    await page.locator(".message-card").first().waitFor();
    await check(page, "mentions");
    await page.goto(`${w.pages.url}/directory`);
    await page.locator(".directory-item").nth(2).waitFor();
    await check(page, "directory");
    for (const section of ["", "password", "sessions", "privacy", "notifications", "appearance", "language"]) {
      await page.goto(`${w.pages.url}/settings/${section}`);
      await page.locator(".settings-card").waitFor();
      await page.locator("[aria-busy=true]").waitFor({ state: "detached" });
      await check(page, `settings ${section}`);
    }
    await page.goto(`${w.pages.url}/rooms/nowhere`);
    await page.getByRole("heading", { name: "This room doesn’t exist" }).waitFor();
    await check(page, "no room");
  });

  test(`axe finds nothing in what opens over a page, nor where one has lost the way, ${scheme}`, async () => {
    const [ada, bob] = [await w.person("Ada", "Ada Lovelace"), await w.person("Bob", "Bob Over")];
    const room = await ada.room(`Over ${scheme}`);
    await bob.rooms.joinRoom({ roomId: room });
    const other = await bob.room(`Elsewhere ${scheme}`);
    const { invite } = await bob.rooms.createInvite({ roomId: other });
    const seq = BigInt(await bob.say(room, "teh first"));
    await bob.chat.editMessage({ roomId: room, seq, text: "the first, see [the docs](https://example.org/docs)" });
    for (const it of [ada, bob]) await it.chat.addReaction({ roomId: room, seq, emoji: "👍" });

    const page = await w.window(ada, { colorScheme: scheme });
    await page.context().addInitScript(AXE);
    for (const [path, ready] of [["nowhere/at/all", "Page not found."], [`rooms/${other}`, `Elsewhere ${scheme}`], [`invite/${invite?.code}`, `Elsewhere ${scheme}`]] as const) {
      await page.goto(`${w.pages.url}/${path}`);
      await page.getByRole("main").getByRole("heading", { name: ready, level: 1 }).waitFor();
      // The browser complains of the status 404, which is right there.
      if (path.startsWith("nowhere")) w.clearComplaints();
      await check(page, path);
    }
    await page.goto(`${w.pages.url}/rooms/${room}`);
    const first = bubble(page, "the first");
    const dialog = page.getByRole("dialog");
    const done = async (what: string) => {
      await check(page, what);
      await dialog.getByRole("button", { name: /^(Close|Cancel)$/ }).first().click();
      await dialog.waitFor({ state: "detached" });
    };
    await first.getByRole("button", { name: "edited" }).click();
    await dialog.getByText("teh first").waitFor();
    await done("earlier versions");
    await first.getByRole("button", { name: /^👍 2/ }).click({ button: "right" });
    await dialog.getByText("Bob Over").waitFor();
    await done("who reacted");
    await page.getByRole("button", { name: "Room menu" }).click();
    await page.getByRole("menuitem", { name: "Jump to date" }).click();
    await page.getByLabel("Date", { exact: true }).waitFor();
    await done("jump to a date");
    await page.getByRole("button", { name: "Room menu" }).click();
    await page.getByRole("menuitem", { name: "Leave room" }).click();
    await dialog.getByText("You can rejoin anytime.").waitFor();
    await done("confirm");
    await page.getByRole("button", { name: "New direct message" }).click();
    await dialog.getByRole("combobox", { name: "Search people" }).fill("Bob Over");
    await dialog.getByRole("option", { name: /Bob Over/ }).first().waitFor();
    await done("new direct message");
    await page.getByRole("log").focus();
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
    await done("shortcuts");
  });
}

test("on a phone one page is shown at a time, and nothing is wider than the screen", async () => {
  const ada = await w.person("Ada");
  const room = await ada.room("Pocket");
  await ada.say(room, `a_long_word_${"x".repeat(300)}`);
  await ada.say(room, "```\n" + "wide ".repeat(60) + "\n```");
  for (const width of [320, 390]) {
    const page = await w.window(ada, { viewport: { width, height: 700 }, isMobile: true, hasTouch: true });
    const said = `from a screen of ${width}`;
    const fits = async () => expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
    await fits();
    await openRoom(page, "Pocket");
    await bubble(page, "a_long_word").waitFor();
    expect(await page.getByRole("navigation", { name: "Rooms" }).isVisible()).toBe(false);
    await fits();
    await composer(page).fill(said);
    await page.getByRole("button", { name: "Send" }).tap();
    await bubble(page, said).first().waitFor();
    await bubble(page, said).last().locator(".bubble").tap();
    await bubble(page, said).last().getByRole("button", { name: "More actions" }).tap();
    await page.getByRole("menuitem", { name: "Copy link" }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("link", { name: "Back" }).tap();
    await page.getByRole("navigation", { name: "Rooms" }).waitFor();
    await page.goto(`${w.pages.url}/settings/sessions`);
    await page.getByText("This device").waitFor();
    await fits();
  }
});

test("everything is reached with the keyboard alone", async () => {
  const ada = await w.person("Ada");
  await ada.room("First room");
  const keys = await ada.room("Keyboard room");
  await ada.say(keys, "the first");
  const page = await w.window(undefined);
  await page.goto(`${w.pages.url}/login`);
  await page.getByLabel("Username").focus();
  await page.keyboard.type(ada.username);
  await page.keyboard.press("Tab");
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press("Enter");
  await page.getByRole("link", { name: /Keyboard room/ }).waitFor();
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox").waitFor();
  await page.keyboard.type("keyboard");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Keyboard room", level: 1 }).waitFor();
  await expect.poll(() => page.evaluate(() => document.activeElement?.tagName)).toBe("TEXTAREA");
  await page.keyboard.type("written with keys");
  await page.keyboard.press("Enter");
  await bubble(page, "written with keys").waitFor();
  // Back to the log, up to a message, into its tools.
  await page.getByRole("log").focus();
  await page.keyboard.press("ArrowUp");
  await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toContain("written with keys");
  await page.keyboard.press("ArrowUp");
  await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toContain("the first");
  await bubble(page, "the first").getByRole("button", { name: "More actions" }).waitFor();
  for (let i = 0; i < 3; i++) await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.getByRole("menuitem", { name: "Reply", exact: true }).waitFor();
  await page.keyboard.press("Enter");
  await page.locator(".composer-banner", { hasText: "the first" }).waitFor();
  await page.keyboard.type("answered with keys");
  await page.keyboard.press("Enter");
  await page.locator(".msg", { hasText: "answered with keys" }).locator("button.quote").waitFor();
  await page.keyboard.press("Alt+ArrowDown");
  await page.getByRole("heading", { name: "First room", level: 1 }).waitFor();
  await page.getByRole("log").focus();
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
});
