// Boxes, focus and Escape: what one sees, and what has the keys.

import type { Page } from "playwright-core";
import { expect, test } from "vitest";

import { png } from "./support/images";
import { bubble, composer, openRoom, world } from "./support/world";

const w = world();

test("very tall and very wide pictures stand in boxes of a bounded size", async () => {
  const ada = await w.person("Ada");
  const room = await ada.room("Shapes");
  for (const [name, width, height] of [["tall", 20, 2_400], ["wide", 2_400, 20]] as const) {
    const id = await ada.upload(`${name}.png`, png(width, height, [200, 80, 80]));
    await ada.chat.sendMessage({ roomId: room, clientMessageId: name, text: name, attachmentIds: [id] });
  }
  const page = await w.window(ada);
  await openRoom(page, "Shapes");
  for (const name of ["tall", "wide"]) {
    const image = bubble(page, name).locator("img");
    await expect.poll(() => image.evaluate((it: HTMLImageElement) => it.complete && it.naturalWidth > 0)).toBe(true);
    const { width, height } = (await image.boundingBox())!;
    expect([width >= 24, width <= 400, height >= 24, height <= 400], `${name}: ${width} × ${height}`).toEqual([true, true, true, true]);
  }
});

/** What is wider than its own box, of all that scrolls by itself. */
const wider = (page: Page) =>
  page.evaluate(() =>
    [document.documentElement, ...document.querySelectorAll(".page, dialog[open], .dialog-body, .settings-card")]
      .filter((it) => it.scrollWidth > it.clientWidth)
      .map((it) => `${it.tagName} ${it.className}: ${it.scrollWidth} in ${it.clientWidth}`),
  );

test("pages and dialogs fit the narrowest screen, in the language with the longest words", async () => {
  const ada = await w.person("Ada");
  await ada.room("Narrow");
  const page = await w.window(ada, { viewport: { width: 320, height: 640 }, isMobile: true, hasTouch: true });
  for (const language of ["English", "Deutsch", "Español"]) {
    await page.goto(`${w.pages.url}/settings/language`);
    await page.getByLabel(language).check();
    await expect.poll(() => page.evaluate(() => document.documentElement.lang)).toMatch(language.slice(0, 1) === "D" ? /^de/ : /^e/);
    for (const path of ["directory", "mentions", "search", "settings", "settings/sessions", "settings/notifications", "settings/language"]) {
      await page.goto(`${w.pages.url}/${path}`);
      await page.locator("main h1, main h2").first().waitFor();
      await page.locator("[aria-busy=true]").waitFor({ state: "detached" });
      expect(await wider(page), `${language}, ${path}`).toEqual([]);
    }
  }
});

test("Escape closes what was opened last, and the focus comes back", async () => {
  const ada = await w.person("Ada");
  const room = await ada.room("Layers");
  for (let i = 1; i <= 60; i++) await ada.say(room, `Line ${i}`);
  const page = await w.window(ada, { viewport: { width: 900, height: 700 } });
  await openRoom(page, "Layers");
  await bubble(page, "Line 60").waitFor();
  const log = page.getByRole("log");
  await log.hover();
  await expect
    .poll(async () => (await page.mouse.wheel(0, -800), page.locator(".row-start").isVisible()), { interval: 30 })
    .toBe(true);
  const away = page.getByRole("button", { name: "Jump to latest message" });
  await away.waitFor();
  const focused = () => page.evaluate(() => document.activeElement?.getAttribute("aria-label"));

  const members = page.getByRole("button", { name: "Show members" });
  await members.press("Enter");
  const panel = page.getByRole("complementary", { name: "Members" });
  await expect.poll(() => panel.evaluate((it) => it.contains(document.activeElement))).toBe(true);
  await page.keyboard.press("Escape");
  await panel.waitFor({ state: "detached" });
  await expect.poll(focused).toMatch(/members/);

  const emoji = page.locator(".composer").getByRole("button", { name: "Emoji" });
  await emoji.press("Enter");
  const picker = page.getByRole("dialog", { name: "Emoji" });
  await expect.poll(() => picker.evaluate((it) => it.contains(document.activeElement))).toBe(true);
  await page.keyboard.press("Escape");
  await picker.waitFor({ state: "detached" });
  await expect.poll(focused).toBe("Emoji");
  // None of them was the timeline's; the next one is.
  expect(await away.isVisible()).toBe(true);
  await composer(page).press("Escape");
  await away.waitFor({ state: "detached" });
});

test("what fails in a dialog is told above it, and what was not saved is not shown", async () => {
  const ada = await w.person("Ada");
  await ada.room("Failing");
  const page = await w.window(ada);
  await openRoom(page, "Failing");
  await page.getByRole("button", { name: "Room menu" }).click();
  await page.getByRole("menuitem", { name: "Notifications" }).click();
  const dialog = page.getByRole("dialog", { name: "Notifications" });
  await dialog.waitFor();
  await page.route("**/UpdateRoomPreferences", (route) => route.abort());
  await dialog.getByLabel("Nothing").click();
  // What is behind the dialog is dimmed, and not read out.
  await dialog.locator(".toast").waitFor();
  await expect.poll(() => dialog.getByLabel("Nothing").isChecked()).toBe(false);
  // The request that failed.
  w.clearComplaints();
});

test("letters of twice the size stay within what is around them", async () => {
  const [ada, bob] = [await w.person("Ada"), await w.person("Bob")];
  const [room, other] = [await ada.room("Letters"), await ada.room("Counted")];
  for (const roomId of [room, other]) await bob.rooms.joinRoom({ roomId });
  const seq = await ada.say(room, "large");
  await bob.chat.addReaction({ roomId: room, seq: BigInt(seq), emoji: "👍" });
  await bob.say(other, "unread");
  const page = await w.window(ada);
  await page.evaluate(() => (document.documentElement.style.fontSize = "200%"));
  await openRoom(page, "Letters");
  await bob.chat.setTyping({ roomId: room, typing: true });
  await page.getByText("Bob is typing…").waitFor();
  const fits = async (...all: string[]) => {
    for (const what of all) {
      await page.locator(what).first().waitFor();
      const boxes = await page.locator(what).evaluateAll((all) => all.map((it) => [it.scrollHeight, it.clientHeight] as const));
      for (const [inside, box] of boxes) expect(inside, what).toBeLessThanOrEqual(box);
    }
  };
  await fits(".typing", ".badge", ".tag", ".reaction");
  // Fonts of emoji are higher than those of letters, some of them much: none is known beforehand.
  await page.evaluate(async () => {
    const tall = new FontFace("tall", 'local("DejaVu Sans"), local("Liberation Sans")', { ascentOverride: "140%", descentOverride: "40%" });
    document.fonts.add(await tall.load());
    for (const it of document.querySelectorAll<HTMLElement>(".reaction > span")) it.style.fontFamily = "tall";
  });
  await fits(".reaction");
});

test("nothing moves for whoever does not want it to", async () => {
  const ada = await w.person("Ada");
  const room = await ada.room("Still");
  const seq = await ada.say(room, "shines up");
  const page = await w.window(ada, { reducedMotion: "reduce" });
  await page.goto(`${w.pages.url}/rooms/${room}/${seq}`);
  await page.locator(".msg-flash .bubble").waitFor();
  const [moving, lasting] = await page.evaluate(() => {
    const styles = [...document.querySelectorAll("*")].map((it) => getComputedStyle(it));
    const longest = (times: string) => Math.max(...times.split(",").map(parseFloat));
    return [
      styles.filter(({ animationName }) => animationName !== "none").length,
      // A sign that is there and then is not moves nothing.
      styles.filter((it) => Math.max(/^steps/.test(it.animationTimingFunction) ? 0 : longest(it.animationDuration), longest(it.transitionDuration)) > 0.001).length,
    ];
  });
  expect(moving).toBeGreaterThan(0);
  expect(lasting).toBe(0);
});
