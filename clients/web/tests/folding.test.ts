import { expect, test } from "vitest";

import cases from "../../cases/folding.json";
import groups from "../src/gen/emoji.json";
import { fold } from "../src/stores/search/search-highlight";

for (const [typed, written] of cases as [string, string][]) {
  test(`${typed} is folded like ${written}`, () => expect(fold(typed)).toBe(fold(written)));
}

test("the emoji to pick from are those of Unicode 17, the new ones marked", () => {
  const all = new Map((groups as unknown as [string, [string, string, number?][]][]).flatMap(([, emoji]) => emoji.map(([it, , isNew]) => [it, isNew])));
  expect(all.get("\u{1FAEA}")).toBe(1);
  expect(all.get("👍")).toBeUndefined();
  expect(all.has("❤️")).toBe(true);
});
