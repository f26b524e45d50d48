// Other languages, and the other direction.

import { expect, test } from "vitest";

import { ARABIC, bubble, composer, world } from "./support/world";

const w = world();

test("Arabic is read from right to left, with one's own messages on the left", async () => {
  const [ada, layla] = [await w.person("Ada", "Ada Lovelace"), await w.person("Layla", "ليلى حداد")];
  const room = await ada.room("Languages");
  await ada.rooms.updateRoom({ roomId: room, topic: "In which we see how many languages there are, and what becomes of a topic that is longer than the head of its room" });
  await layla.rooms.joinRoom({ roomId: room });
  await layla.say(room, "صباح الخير");
  await ada.say(room, "Good morning");
  const page = await w.window(ada, { locale: "ar-EG" }, ARABIC);
  await page.goto(`${w.pages.url}/rooms/${room}`);
  await bubble(page, "Good morning").waitFor();
  await expect.poll(() => page.evaluate(() => [document.documentElement.lang, document.documentElement.dir])).toEqual(["ar-EG", "rtl"]);
  const box = async (text: string) => (await bubble(page, text).locator(".bubble").boundingBox())!;
  expect((await box("صباح الخير")).x).toBeGreaterThan((await box("Good morning")).x);
  const nav = (await page.getByRole("navigation", { name: "الغرف" }).boundingBox())!;
  expect(nav.x).toBeGreaterThan(600);
  // What is counted has the digits that the texts have.
  expect(await page.locator(".msg-head time").first().textContent()).toMatch(/^[0-9]{1,2}:[0-9]{2}/);
  expect(await composer(page).getAttribute("placeholder")).toBe("رسالة إلى \u2068Languages\u2069");
  // Empty, it is written from where the page begins; then from where its text does.
  const direction = () => composer(page).evaluate((it) => getComputedStyle(it).direction);
  expect(await direction()).toBe("rtl");
  await composer(page).fill("Good evening");
  expect(await direction()).toBe("ltr");
  // A topic that is too long loses its end, and nothing of what stands beside it.
  await page.locator(".member").nth(1).waitFor();
  const head = page.locator(".room-head-note");
  const [whole, count] = [(await head.boundingBox())!, (await head.getByText("عضوان").boundingBox())!];
  expect(count.x).toBeGreaterThanOrEqual(whole.x);
  expect(await head.locator(".clip").evaluate((it) => [getComputedStyle(it).direction, it.scrollWidth > it.clientWidth])).toEqual(["ltr", true]);
  expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
  // What points backwards does so from here too.
  await bubble(page, "صباح الخير").hover();
  const reply = bubble(page, "صباح الخير").locator(".icon-reply");
  await expect.poll(() => reply.evaluate((it) => getComputedStyle(it).transform)).toBe("matrix(-1, 0, 0, 1, 0, 0)");
});

test("colons and the names of keys are those of the language", async () => {
  const [ada, bob] = [await w.person("Ada"), await w.person("Bob", "Bob Dupont")];
  const room = await ada.room("Deux points");
  await bob.rooms.joinRoom({ roomId: room });
  await bob.say(room, "Bonjour");
  const page = await w.window(ada, { locale: "fr-FR" }, { Username: "Nom d’utilisateur", Password: "Mot de passe", "Sign in": "Se connecter", Rooms: "Salons" });
  const preview = page.getByRole("link", { name: "Deux points" }).locator(".room-link-preview");
  await expect.poll(() => preview.textContent()).toBe("Bob Dupont\u00a0: Bonjour");
  await page.keyboard.press("?");
  await expect.poll(() => page.locator(".shortcuts > div", { hasText: "Nouvelle ligne" }).locator("kbd").allTextContents()).toEqual(["Maj", "Entrée"]);
  await page.keyboard.press("Escape");
  await page.goto(`${w.pages.url}/settings/language`);
  await page.getByLabel("中文").check();
  await expect.poll(() => preview.textContent()).toBe("Bob Dupont：Bonjour");
});

test("the language can be chosen, and stays", async () => {
  const ada = await w.person("Ada");
  const page = await w.window(ada);
  await page.goto(`${w.pages.url}/settings/language`);
  for (const [language, heading] of [["Deutsch", "Einstellungen"], ["Français", "Paramètres"], ["Español", "Ajustes"], ["中文", "设置"]] as const) {
    await page.getByLabel(language).check();
    await page.getByRole("heading", { name: heading, level: 1 }).waitFor();
  }
  await page.reload();
  await page.getByRole("heading", { name: "设置", level: 1 }).waitFor();
});
