import { expect, test } from "vitest";

import cases from "../../cases/mentions.json";
import { mentionedNames } from "../src/stores/mentions/draft-mentions";
import { parse, splitMentions } from "../src/stores/messages/markdown";

for (const [text, names] of cases as [string, string[]][]) {
  test(`names called in ${JSON.stringify(text)}`, () => expect(mentionedNames(text)).toEqual(names));
}

test("a mention is shown where the server finds one", () => {
  const bob = { name: "bob", userId: "b", all: false, here: false };
  const shown = (text: string, before?: string) => splitMentions(text, [bob], before).map((it) => (it.mention ? `<${it.text}>` : it.text)).join("");
  expect(shown("请@bob看一下, (@Bob) @bob_ é@bob.")).toBe("请<@bob>看一下, (<@Bob>) <@bob>_ é<@bob>.");
  expect(shown("a@bob @@bob _@bob @bobby @bob@example.org")).toBe("a@bob @@bob _@bob @bobby @bob@example.org");
  expect(shown("https://example.org/(@bob) @bob")).toBe("https://example.org/(@bob) <@bob>");
  expect(shown("@bob", "_")).toBe("@bob");
  const texts = (text: string): string[] =>
    parse(text).flatMap((block) => (block.kind === "paragraph" ? block.inside : [])).flatMap((node) => ("inside" in node ? node.inside : [node])).map((node) => (node.kind === "text" ? shown(node.text, node.before) : ""));
  expect(texts("_@bob_ *@bob* _x_@bob **y**@bob")).toEqual(["@bob", " ", "<@bob>", " ", "x", "@bob ", "y", "<@bob>"]);
  expect(texts("见https://example.org，@bob")).toEqual(["见https://example.org，<@bob>"]);
  expect(texts("https://example.org，@bob")).toEqual(["https://example.org", "，<@bob>"]);
});

test("no text takes long to look through", () => {
  const begun = performance.now();
  for (const piece of ["@", "`", "` ", "``` ", "www.@ ", "> ", "- ", "\\`", "a@b.c ", "://", "`@\n", "[a]: ", "[a]: x\n", "* * ", "> - ", "é@b.", "- a\n  "]) mentionedNames(piece.repeat(16_384 / piece.length));
  expect(performance.now() - begun).toBeLessThan(3_000);
});
