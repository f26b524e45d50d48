// A room that begins anew: more has changed than the server tells to those who were away.

import { expect, test } from "vitest";

import { upTo } from "./support/history";
import { bubble, openRoom, world } from "./support/world";

process.env["CAUSERIE_CHAT__RESUME_CHANGES"] = "20";
const w = world({ link: true });

test("the reader's place is kept, or they stay at the end", async () => {
  const [ada, bob, carol] = [await w.person("Ada"), await w.person("Bob"), await w.person("Carol")];
  const room = await ada.room("Anew");
  for (const who of [bob, carol]) await who.rooms.joinRoom({ roomId: room });
  for (let i = 1; i <= 220; i++) await ada.say(room, `Line ${i}.`);
  const [page, other] = [await w.window(bob), await w.window(carol)];
  for (const it of [page, other]) {
    await openRoom(it, "Anew");
    await bubble(it, "Line 220.").waitFor();
  }
  await upTo(page, "Line 120.");
  w.link.cut();
  for (let i = 1; i <= 60; i++) await ada.say(room, `While away ${i}.`);
  w.link.mend();
  await bubble(other, "While away 60.").waitFor();
  await page.locator(".jump-end").getByText("60").waitFor();
  await bubble(page, "Line 120.").waitFor();
  const inSight = () => bubble(page, "Line 120.").evaluate((it) => {
    const [row, box] = [it.getBoundingClientRect(), it.closest(".scroller")!.getBoundingClientRect()];
    return row.bottom > box.top && row.top < box.bottom;
  });
  await expect.poll(inSight).toBe(true);
  expect(await page.locator(".msg-flash").count()).toBe(0);
  await page.locator(".jump-end").click();
  await bubble(page, "While away 60.").waitFor();
});
