// What is said to people: names in other scripts, numbers, failures.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runInNewContext } from "node:vm";

import { expect, describe, test } from "vitest";

import { Failure } from "../src/domain/failure";
import { ar } from "../src/ui/i18n/ar";
import { de } from "../src/ui/i18n/de";
import { en } from "../src/ui/i18n/en";
import { deferred } from "../src/ui/i18n/en.deferred";
import { LANGUAGES, isRightToLeft, preferred } from "../src/ui/i18n/languages";
import { explain, format, type LanguageTexts } from "../src/ui/i18n/format";

const ENGLISH: LanguageTexts = { language: "en", locale: "en", texts: { ...en, ...deferred } };
const GERMAN: LanguageTexts = { language: "de", locale: "de", texts: de };
const ARABIC: LanguageTexts = { language: "ar", locale: "ar", texts: ar };
const LAYLA = "ليلى حداد";

describe("names within a text", () => {
  test("one that runs the other way does not turn the text round", () => {
    expect(format(ENGLISH, "sysJoined", { name: LAYLA })).toBe(`\u2068${LAYLA}\u2069 joined`);
    expect(format(GERMAN, "removeQuestion", { name: LAYLA, room: "Tee" })).toBe(`\u2068${LAYLA}\u2069 aus „Tee“ entfernen?`);
    expect(format(ARABIC, "sysJoined", { name: "Sam" })).toContain("\u2068Sam\u2069");
  });

  test("where all runs one way the text has no marks", () => {
    expect(format(ENGLISH, "sysAdded", { name: "Sam", other: "Zoë" })).toBe("Sam added Zoë");
  });

  test("in Arabic, something always stands between who did it and to whom", () => {
    for (const key of ["sysAdded", "sysRemoved", "sysBanned", "sysOwner", "sysAdmin", "sysMember"] as const) {
      expect(ar[key], key).toMatch(/\{name\}.*[\u0600-\u06ff]{3,}.*\{other\}/);
    }
  });
});

test("numbers have the form that the language gives them", () => {
  expect(format(ARABIC, "online", { count: 1 })).not.toContain("1");
  expect(format(ARABIC, "readBy", { count: 2 })).not.toContain("2");
  expect(format(ENGLISH, "readBy", { count: 1 })).toBe("Read by 1");
});

test("no text that counts has one form only, but those with brackets or a sign", () => {
  const BARE = ["allPins", "reactedWith"];
  const single = Object.entries({ ...en, ...deferred }).filter(([, text]) => typeof text === "string" && text.includes("{count}"));
  expect(single.map(([key]) => key)).toEqual(BARE);
});

describe("explain", () => {
  const invalid = (field: string) =>
    new Failure("final", "INVALID_FIELDS", "The request is not valid.", [{ field, description: "must have `x`" }]);

  test("a field that breaks its rule is told in the user's language", () => {
    expect(explain(GERMAN, invalid("username"))).toBe(de.INVALID_username);
    expect(explain(GERMAN, invalid("attachment_ids[3]"))).toBe(de.INVALID_attachment_ids);
    expect(explain(ENGLISH, invalid("query"))).toBe(deferred.INVALID_query);
  });

  test("a field without a text is told in the server's whole sentence, never in a fragment", () => {
    expect(explain(GERMAN, invalid("page_size"))).toBe("The request is not valid.");
  });

  test("what went wrong inside the server is told nobody", () => {
    expect(explain(GERMAN, new Failure("internal", "INTERNAL", "boom"))).toBe(de.failed);
    expect(explain(GERMAN, new Failure("internal", "", "boom"))).toBe(de.failed);
    expect(explain(GERMAN, new Error("boom"))).toBe(de.failed);
  });

  test("before the texts are loaded, something is said all the same", () => {
    expect(format({ ...ENGLISH, texts: en }, "WRONG_PASSWORD", {})).toBe(en.failed);
    expect(explain({ ...ENGLISH, texts: en }, new Failure("unavailable", "", ""))).toBe(en.unavailable);
  });
});

describe("which language is wanted", () => {
  test("the one that was chosen, or else the first that there is, with the browser's region", () => {
    expect(preferred("", ["nl-NL", "ar-EG", "de"])).toEqual({ language: "ar", locale: "ar-EG" });
    expect(preferred("de", ["ar-EG", "de-AT"])).toEqual({ language: "de", locale: "de-AT" });
    expect(preferred("", ["ar", "ar-EG"])).toEqual({ language: "ar", locale: "ar-EG" });
    expect(preferred("fr", ["en-GB"])).toEqual({ language: "fr", locale: "fr" });
    expect(preferred("", ["toString", "nl"])).toEqual({ language: "en", locale: "en" });
    expect(preferred("", [])).toEqual({ language: "en", locale: "en" });
  });

  const script = readFileSync(join(import.meta.dirname, "../public/beforePaint.js"), "utf8");
  /** What the page is like before it is first painted. */
  function paint(getItem: () => string | null, languages: readonly string[]) {
    const documentElement = { lang: "", dir: "", dataset: {} as { theme?: string } };
    runInNewContext(script, { document: { documentElement }, localStorage: { getItem }, navigator: { languages } });
    return documentElement;
  }

  test("is known by the same rules before the first paint", () => {
    const languages = [[], ["en-GB"], ["ar-EG", "en"], ["nl", "ar"], ["ar", "ar-EG"], ["fr-CA", "ar-EG"], ...Object.keys(LANGUAGES).map((it) => [it])];
    for (const chosen of ["", "xx", ...Object.keys(LANGUAGES)]) {
      for (const tags of languages) {
        const { lang, dir } = paint(() => JSON.stringify({ language: chosen }), tags);
        const { language, locale } = preferred(chosen, tags);
        expect([lang, dir], `${chosen} of ${tags}`).toEqual([locale, isRightToLeft({ language }) ? "rtl" : "ltr"]);
      }
    }
  });

  test("is known also where nothing is stored, or nothing can be", () => {
    const forbidden = () => {
      throw new Error("no storage");
    };
    for (const stored of [() => null, () => "not ours", () => "null", () => "{}", forbidden]) {
      expect(paint(stored, ["ar-EG"])).toEqual({ lang: "ar-EG", dir: "rtl", dataset: {} });
    }
    expect(paint(() => '{"theme":"dark"}', ["de"])).toEqual({ lang: "de", dir: "ltr", dataset: { theme: "dark" } });
  });
});
