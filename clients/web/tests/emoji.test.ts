// Emoji are found by their English names, however these are typed.

import { expect, test } from "vitest";

import groups from "../src/gen/emoji.json";
import { searchEmoji, type EmojiGroup } from "../src/stores/composer/emoji";
import { fold } from "../src/stores/search/search-highlight";

const all = (groups as unknown as [string, [string, string][]][]).map(
  ([group, emoji]): EmojiGroup => [group, emoji.map(([it, name]) => [it, name, fold(name)] as const)],
);
const found = (query: string) => searchEmoji(all, query).flatMap(([, emoji]) => emoji.map(([it]) => it));

for (const [query, emoji] of [
  ["Germany", "🇩🇪"],
  [" germany ", "🇩🇪"],
  ["GERMANY flag", "🇩🇪"],
  ["åland", "🇦🇽"],
  ["aland", "🇦🇽"],
  ["pinata", "🪅"],
  ["Piñata", "🪅"],
  ["turkiye", "🇹🇷"],
  ["sao tome", "🇸🇹"],
] as const) {
  test(`${query} finds ${emoji}`, () => expect(found(query)).toContain(emoji));
}

test("every word of a search begins one of a name", () => {
  expect(found("germany sao")).toEqual([]);
  expect(found("ermany")).toEqual([]);
});
