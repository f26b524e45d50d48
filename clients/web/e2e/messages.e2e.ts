// What can be done with messages.

import { expect, test } from "vitest";

import { bubble, composer, openRoom, say, useMessageAction, world } from "./support/world";

const w = world();

async function two(name: string) {
  const [ada, bob] = [await w.person("Ada"), await w.person("Bob")];
  const room = await ada.room(name);
  await bob.rooms.joinRoom({ roomId: room });
  const [adas, bobs] = [await w.window(ada), await w.window(bob)];
  await openRoom(adas, name);
  await openRoom(bobs, name);
  return { ada, bob, room, adas, bobs };
}

async function choose(page: Awaited<ReturnType<typeof two>>["adas"], text: string, item: string): Promise<void> {
  await useMessageAction(page, text, "More actions");
  await page.getByRole("menuitem", { name: item }).click();
}

test("arrow up edits the last message, and its earlier text can be read by others", async () => {
  const { adas, bobs } = await two("Edits");
  await say(adas, "Teh first");
  await bubble(bobs, "Teh first").waitFor();
  await bubble(adas, "Teh first").waitFor();
  await composer(adas).press("ArrowUp");
  await adas.getByText("Editing message").waitFor();
  await expect.poll(() => composer(adas).inputValue()).toBe("Teh first");
  await say(adas, "The first");
  await bubble(bobs, "The first").waitFor();
  await bubble(bobs, "The first").getByRole("button", { name: "edited" }).click();
  await bobs.getByRole("dialog", { name: "Edit history" }).getByText("Teh first").waitFor();
});

test("a deletion can be undone for some seconds, and then the text is gone for all", async () => {
  const { ada, room, adas, bobs } = await two("Deletions");
  await say(adas, "keep me");
  await say(adas, "remove me");
  await bubble(bobs, "remove me").waitFor();
  await choose(adas, "keep me", "Delete");
  await adas.getByRole("button", { name: "Undo" }).click();
  await bubble(adas, "keep me").waitFor();
  await choose(adas, "remove me", "Delete");
  await bobs.getByRole("log").getByText("Message deleted").waitFor();
  const { messages } = await ada.chat.listMessages({ roomId: room });
  expect(messages.map(({ content }) => content.value)).not.toContain("remove me");
  expect(await bubble(bobs, "keep me").count()).toBe(1);
});

test("a deletion that was begun before the page went is made by the next one", async () => {
  const { adas, bobs } = await two("Reloads");
  await say(adas, "gone in the end");
  await bubble(bobs, "gone in the end").waitFor();
  await choose(adas, "gone in the end", "Delete");
  await adas.getByRole("button", { name: "Undo" }).waitFor();
  await adas.reload();
  await bobs.getByRole("log").getByText("Message deleted").waitFor();
});

test("an answer quotes what it answers, and the quote leads there", async () => {
  const { adas, bobs } = await two("Answers");
  await say(adas, "Who comes on Friday?");
  await useMessageAction(bobs, "Who comes", "Reply");
  await say(bobs, "I do");
  const quote = adas.locator(".msg", { hasText: "I do" }).locator("button.quote");
  await expect.poll(() => quote.innerText()).toContain("Who comes on Friday?");
  await quote.click();
  await adas.locator(".msg-flash", { hasText: "Who comes" }).waitFor();
});

test("a reaction is picked, seen by the other, joined and taken back", async () => {
  const { adas, bobs } = await two("Reactions");
  await say(adas, "Good news");
  await useMessageAction(bobs, "Good news", "Add reaction");
  await bobs.getByRole("searchbox", { name: "Search emoji" }).fill("party popper");
  await bobs.getByRole("button", { name: "party popper" }).click();
  const chip = adas.getByRole("button", { name: /^🎉 1: Bob/ });
  await chip.click();
  await bobs.getByRole("button", { name: /^🎉 2: (you and Ada|Ada and you|Bob|you)/ }).waitFor();
  expect(await bobs.locator(".reaction-count").innerText()).toBe("2");
  await bobs.getByRole("button", { name: /^🎉/ }).click();
  await adas.getByRole("button", { name: /^🎉 1: you$/ }).waitFor();
});

test("an admin pins a message, everybody sees it on top and in the list", async () => {
  const { adas, bobs } = await two("Pins");
  await say(adas, "The rules of this room");
  await choose(adas, "The rules", "Pin");
  await bobs.locator(".pin-banner", { hasText: "The rules of this room" }).waitFor();
  await bobs.getByRole("button", { name: "Room menu" }).click();
  await bobs.getByRole("menuitem", { name: "Pinned messages" }).click();
  await bobs.getByRole("complementary", { name: "Pinned messages" }).getByText("The rules of this room").waitFor();
  await choose(adas, "The rules", "Unpin");
  await bobs.getByText("No pinned messages.").waitFor();
  await bobs.locator(".pin-banner").waitFor({ state: "detached" });
});

test("names and emoji are completed while one writes", async () => {
  const { bob, adas } = await two("Completion");
  await composer(adas).pressSequentially(`@${bob.username.slice(0, 3)}`);
  const offered = () => adas.getByRole("option").allInnerTexts();
  await expect.poll(offered).toEqual([expect.stringContaining("Bob")]);
  await composer(adas).press("Enter");
  expect(await composer(adas).inputValue()).toBe(`@${bob.username} `);
  await composer(adas).pressSequentially(":rocket");
  await expect.poll(offered).toEqual([expect.stringContaining("rocket")]);
  await composer(adas).press("Tab");
  expect(await composer(adas).inputValue()).toBe(`@${bob.username} 🚀`);
  // No space is needed after a letter of another script, and none is offered in an address.
  await composer(adas).fill("");
  await composer(adas).pressSequentially(`https://example.org/(@${bob.username.slice(0, 3)} 请@${bob.username.slice(0, 3)}`);
  await expect.poll(offered).toEqual([expect.stringContaining("Bob")]);
  await composer(adas).press("Enter");
  expect(await composer(adas).inputValue()).toBe(`https://example.org/(@${bob.username.slice(0, 3)} 请@${bob.username} `);
});

test("deleting by keyboard leads to Undo, undone or too late to the message", async () => {
  const ada = await w.person("Ada");
  await ada.say(await ada.room("By keyboard"), "came too early");
  const page = await w.window(ada);
  await openRoom(page, "By keyboard");
  const row = page.locator(".msg");
  await row.waitFor();
  await page.getByRole("log").focus();
  await page.keyboard.press("ArrowUp");
  const focused = () => page.evaluate(() => document.activeElement?.textContent);
  const remove = async () => {
    await row.getByRole("button", { name: "More actions" }).focus();
    await page.keyboard.press("Enter");
    await expect.poll(() => page.getByRole("menuitem").first().evaluate((it) => it === document.activeElement)).toBe(true);
    await page.keyboard.press("End");
    await page.keyboard.press("Enter");
    await expect.poll(focused).toBe("Undo");
  };
  await remove();
  await page.keyboard.press("Enter");
  await bubble(page, "came too early").waitFor();
  const onRow = () => row.evaluate((it) => it === document.activeElement);
  expect(await onRow()).toBe(true);
  await remove();
  // Nobody takes it back.
  await page.getByRole("button", { name: "Undo" }).waitFor({ state: "detached" });
  await page.getByRole("log").getByText("Message deleted").waitFor();
  expect(await onRow()).toBe(true);
});

const CODE = "a message with `code`\n```js\nlet one = 1;\n```";

test("text and code are copied", async () => {
  const ada = await w.person("Ada");
  await ada.say(await ada.room("Copies"), CODE);
  const page = await w.window(ada, { permissions: ["clipboard-read", "clipboard-write"] });
  await openRoom(page, "Copies");
  const copied = () => page.evaluate(() => navigator.clipboard.readText());
  await choose(page, "a message with", "Copy text");
  await expect.poll(copied).toBe(CODE);
  await page.getByRole("button", { name: "Copy code" }).click();
  await page.getByRole("button", { name: "Copied" }).waitFor();
  expect(await copied()).toBe("let one = 1;");
});

test("without a clipboard that scripts may use one copies all the same, or is told that one cannot", async () => {
  const ada = await w.person("Ada");
  const room = await ada.room("Plain copies");
  await ada.say(room, "by hand");
  const page = await w.window(ada);
  await page.addInitScript(() => Object.defineProperty(Navigator.prototype, "clipboard", { get: () => undefined }));
  await page.reload();
  await openRoom(page, "Plain copies");
  const pasted = async () => {
    await composer(page).fill("");
    await composer(page).press("Control+V");
    return composer(page).inputValue();
  };
  await choose(page, "by hand", "Copy text");
  await page.getByText("Copied", { exact: true }).waitFor();
  expect(await pasted()).toBe("by hand");
  // Nothing outside of an open dialog can be selected.
  await page.getByRole("button", { name: "Room menu" }).click();
  await page.getByRole("menuitem", { name: "Invite links" }).click();
  await page.getByRole("button", { name: "Create link" }).click();
  const link = await page.getByRole("textbox", { name: "Invite link" }).inputValue();
  await page.getByRole("button", { name: "Copy link" }).click();
  await page.getByRole("dialog").getByText("Copied", { exact: true }).first().waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  expect(await pasted()).toBe(link);
  await page.evaluate(() => (document.execCommand = () => false));
  await choose(page, "by hand", "Copy text");
  await page.getByText("Couldn’t copy.").waitFor();
});
