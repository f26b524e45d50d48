// Searches: what is sought, where it stands, and lists that come in parts.

import { createRoot } from "solid-js";
import { describe, expect, test } from "vitest";

import { Failure } from "../src/domain/failure";
import type { Attachment, ListPage } from "../src/domain/types";
import { preview } from "../src/stores/messages/preview";
import { createPagedList } from "../src/stores/lists/paged-list";
import { highlight, parseQuery } from "../src/stores/search/search-highlight";

const shown = (query: string, text: string) =>
  highlight(text, parseQuery(query).phrases)
    .map((it) => (it.isMatch ? `[${it.text}]` : it.text))
    .join("");

describe("what was found stands out", () => {
  // The pairs are those of the server's own tests, in src/model/terms.rs.
  test.each([
    ["hello", "Hello, world", "[Hello], world"],
    ["wor", "Hello, world", "Hello, [wor]ld"],
    ["orld", "Hello, world", "Hello, world"],
    ["strasse", "Die Straße", "Die [Straße]"],
    ["muller", "Frau Müller", "Frau [Müller]"],
    ["müller", "Frau MULLER", "Frau [MULLER]"],
    ["über", "U\u0308ber allem", "[U\u0308ber] allem"],
    ["日本", "昨日日本語を話した", "昨日[日本]語を話した"],
    ["た", "昨日日本語を話した", "昨日日本語を話し[た]"],
    ["مرحبا", "مَرحبًا بكم", "[مَرحبًا] بكم"],
    ["👍", "good 👍🏽 work", "good [👍🏽] work"],
    ["a b", "b and a", "[b] [a]nd [a]"],
    ['"at noon"', "at home, At Noon, noonish", "at home, [At] [Noon], noonish"],
    ['"noon"', "noonish", "noonish"],
    ["foo:bar", "bar foo barn", "bar [foo] [bar]n"],
    ["from:ada in:x has:file lunch", "ada has lunch", "ada has [lunch]"],
    ["<b>", "a <b> c", "a <[b]> c"],
    ["", "nothing", "nothing"],
  ])("%s in %s", (query, text, expected) => expect(shown(query, text)).toBe(expected));

  test("the pieces are the text again", () => {
    const text = "Ünïcode 日本語 — and “words” 👩‍👩‍👧 fin";
    expect(highlight(text, parseQuery("uni 本 and wor 👩 f").phrases).map((it) => it.text).join("")).toBe(text);
  });
});

test("a search asks once there is a word, a person or a file", () => {
  for (const query of ["a", "from:ada", "has:file", '"x y"', "in:General lunch"]) expect(parseQuery(query).isSearchable, query).toBe(true);
  for (const query of ["", "  ", "in:General", 'in:"Big Room"', "after:2026-01-31 before:2026-03-01", "?!", "in:r "]) expect(parseQuery(query).isSearchable, query).toBe(false);
});

test("a message without words is told by its files", () => {
  const file = (name: string) => ({ id: name, name, size: 1, image: undefined }) satisfies Attachment;
  const attachments = [file("a.png"), file("b.pdf")];
  expect(preview({ content: { kind: "text", text: "" }, attachments })).toBe("a.png, b.pdf");
  expect(preview({ content: { kind: "text", text: "**see** this" }, attachments })).toBe("see this");
  expect(preview({ content: { kind: "deleted", byId: "x" }, attachments })).toBe("");
});

describe("a list that comes in parts", () => {
  const listed = (answers: Record<string, ListPage<number> | Failure>) =>
    createRoot(() =>
      createPagedList<number>(async (query, token) => {
        const answer = answers[query + token];
        if (!answer || answer instanceof Failure) throw answer ?? new Failure("internal", "", `${query}${token}`);
        return answer;
      }, String),
    );
  const away = new Failure("unavailable", "", "");

  test("what one question found is not shown under the next one that fails", async () => {
    const answers: Record<string, ListPage<number> | Failure> = { a: { items: [3, 2], next: "+" }, b: away };
    const list = listed(answers);
    await list.load("a");
    await list.load("b");
    expect([list.items(), list.failure(), list.failedFirst(), list.hasMore()]).toEqual([[], away, true, false]);
    answers["b"] = { items: [7], next: "" };
    await list.retry();
    expect([list.items(), list.failure()]).toEqual([[7], undefined]);
  });

  test("a part that fails is asked for again where it was", async () => {
    const answers: Record<string, ListPage<number> | Failure> = { a: { items: [3, 2], next: "+" }, "a+": away };
    const list = listed(answers);
    await list.load("a");
    await list.loadMore();
    expect([list.items(), list.failedFirst(), list.failure()]).toEqual([[3, 2], false, away]);
    answers["a+"] = { items: [1], next: "" };
    await list.retry();
    expect([list.items(), list.hasMore(), list.failure()]).toEqual([[3, 2, 1], false, undefined]);
  });

  test("its beginning read anew keeps what follows, and what is there if it cannot be read", async () => {
    const answers: Record<string, ListPage<number> | Failure> = { a: { items: [4, 3], next: "+" }, "a+": { items: [2, 1], next: "" } };
    const list = listed(answers);
    await list.load("a");
    await list.loadMore();
    answers["a"] = { items: [5, 4, 3], next: "+" };
    await list.load("a");
    expect([list.items(), list.hasMore()]).toEqual([[5, 4, 3, 2, 1], false]);
    answers["a"] = away;
    await list.load("a");
    expect([list.items(), list.failedFirst()]).toEqual([[5, 4, 3, 2, 1], true]);
    // Too much is new for the rest to follow.
    answers["a"] = { items: [9, 8], next: "*" };
    await list.load("a");
    expect([list.items(), list.hasMore()]).toEqual([[9, 8], true]);
    list.clear();
    expect(list.items()).toEqual([]);
  });
});
