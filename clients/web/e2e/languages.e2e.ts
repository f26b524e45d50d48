// Other languages, and the other direction.

import { expect, test } from "vitest";

import { bubble, composer, world } from "./support/world";

const w = world();

test("Arabic is read from right to left, with one's own messages on the left", async () => {
  const [ada, layla] = [await w.person("Ada", "Ada Lovelace"), await w.person("Layla", "ليلى حداد")];
  const room = await ada.room("Languages");
  await ada.rooms.updateRoom({ roomId: room, topic: "In which we see how many languages there are, and what becomes of a topic that is longer than the head of its room" });
  await layla.rooms.joinRoom({ roomId: room });
  await layla.say(room, "صباح الخير");
  await ada.say(room, "Good morning");
  const page = await w.window(ada, { locale: "ar-EG" }, { "Username or e-mail": "اسم المستخدم أو البريد الإلكتروني", Password: "كلمة المرور", "Sign in": "تسجيل الدخول", Rooms: "الغرف" });
  await page.goto(`${w.pages.url}/rooms/${room}`);
  await bubble(page, "Good morning").waitFor();
  expect(await page.evaluate(() => [document.documentElement.lang, document.documentElement.dir])).toEqual(["ar-EG", "rtl"]);
  const box = async (text: string) => (await bubble(page, text).locator(".bubble").boundingBox())!;
  expect((await box("صباح الخير")).x).toBeGreaterThan((await box("Good morning")).x);
  const nav = (await page.getByRole("navigation", { name: "الغرف" }).boundingBox())!;
  expect(nav.x).toBeGreaterThan(600);
  expect(await composer(page).getAttribute("placeholder")).toBe("اكتب إلى \u2068Languages\u2069");
  // Empty, it is written from where the page begins; then from where its text does.
  const direction = () => composer(page).evaluate((it) => getComputedStyle(it).direction);
  expect(await direction()).toBe("rtl");
  await composer(page).fill("Good evening");
  expect(await direction()).toBe("ltr");
  // A topic that is too long loses its end, and nothing of what stands beside it.
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
