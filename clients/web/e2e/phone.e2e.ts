// What is different where a page is small and touched.

import { expect, test } from "vitest";

import { bubble, composer, openRoom, world } from "./support/world";

const w = world({ link: true });
const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };

test("the list of rooms says too that the link is away", async () => {
  const page = await w.window(await w.person("Ada"), PHONE);
  w.link.cut();
  await page.getByRole("button", { name: "Try now" }).waitFor();
  expect(await page.getByRole("navigation", { name: "Rooms" }).isVisible()).toBe(true);
  w.link.mend();
  await page.getByRole("button", { name: "Try now" }).waitFor({ state: "detached" });
});

test("what is touched is large enough for a finger, and emoji come without a keyboard", async () => {
  const [ada, bob] = [await w.person("Ada"), await w.person("Bob")];
  const room = await ada.room("Fingers");
  await bob.rooms.joinRoom({ roomId: room });
  const seq = await bob.say(room, "hello");
  await bob.say(room, "an answer", seq);
  await ada.chat.addReaction({ roomId: room, seq: BigInt(seq), emoji: "👍" });
  const page = await w.window(ada, PHONE);
  /** What can be touched at less than 40 pixels' height or width; what is around it may belong to it. */
  const small = (within: string) =>
    page.locator(within).evaluateAll((all) =>
      all.flatMap((it) => [...it.querySelectorAll("button, a")]).flatMap((it) => {
        const { width, height } = it.getBoundingClientRect();
        const around = -parseFloat(getComputedStyle(it, "::after").insetBlockStart || "0") || 0;
        return !width || (width >= 40 && height + 2 * around >= 40) ? [] : [`${it.className}: ${width} x ${height}`];
      }),
    );
  expect(await small(".sidebar")).toEqual([]);
  await openRoom(page, "Fingers");
  await page.locator(".reaction").first().waitFor();
  await page.locator(".thread-link").waitFor();
  await page.getByRole("button", { name: "Room menu" }).waitFor();
  await bubble(page, "hello").locator(".bubble").tap();
  expect(await small(".room-head, .row-day, .reactions, .msg-action-bar, .composer")).toEqual([]);
  await page.getByRole("button", { name: "Emoji", exact: true }).tap();
  await page.locator(".emoji-grid button").first().waitFor();
  const focused = () => page.evaluate(() => document.activeElement?.className);
  await expect.poll(focused).toBe("emoji-picker");
  await page.keyboard.press("Escape");
  await page.locator(".emoji-picker").waitFor({ state: "detached" });
  await page.goto(`${w.pages.url}/settings/appearance`);
  await page.getByLabel("Dark").waitFor();
  expect(await small(".tabs")).toEqual([]);
});

test("a keyboard that lies over the page leaves the composer in sight", async () => {
  const ada = await w.person("Ada");
  await ada.room("Keyboards");
  const page = await w.window(ada, PHONE);
  await openRoom(page, "Keyboards");
  await expect.poll(() => page.title()).toContain("Keyboards");
  const bottom = () => composer(page).evaluate((it) => it.getBoundingClientRect().bottom);
  expect(await bottom()).toBeGreaterThan(700);
  /** As Safari tells of its keyboard, and of a page that is enlarged. */
  const see = (height: number, scale = 1) =>
    page.evaluate(([height, scale]) => {
      Object.defineProperties(visualViewport!, { height: { value: height, configurable: true }, scale: { value: scale, configurable: true } });
      visualViewport!.dispatchEvent(new Event("resize"));
    }, [height, scale] as const);
  await see(500);
  await expect.poll(bottom).toBeLessThan(500);
  expect(await bottom()).toBeGreaterThan(400);
  await see(422, 2);
  await expect.poll(bottom).toBeGreaterThan(700);
});
