// Where a text mentions somebody by `@name`, by the server's rule
// (`src/model/mentions.rs`); `clients/cases/mentions.json` tests both. What is
// written before it is shown has code in it besides: see `draft-mentions.ts`.

const MAY_STAND_BEFORE = /[^A-Za-z0-9._+/=@-]/;
/** A letter of a script with upper and lower case: an address may end with it before its `@`, as in `josé@example.org`. */
const CASED_LETTER = /[\p{Lower}\p{Upper}]\p{M}*$/u;
/** As far as one with its accents reaches, nearly always. */
const LETTER_LENGTH = 8;
const NAME = /[A-Za-z0-9_.-]*/y;
const HOST = /^@[A-Za-z0-9-]+\.[A-Za-z0-9-]/;
/** The longest name of a host. */
const HOST_LENGTH = 255;
/** What never stands in a URL, nor do the marks of a script without spaces. */
const URL_END = "\\s<>\"`—…，。、；：！？（）「」『』【】《》〈〉“”‘’";
const URLS = new RegExp(`[A-Za-z0-9_]://[^${URL_END}]*|\\b(?:(?:mailto|tel|sms|magnet|matrix|xmpp|sips?|geo|urn):|www\\.)[^${URL_END}]*`, "gi");

export type Range = readonly [from: number, to: number];

/** Where an `@` begins a mention: outside of URLs and of what else is left out. */
export function mentionStarts(text: string, before = "", code: readonly Range[] = []): number[] {
  const excluded = [...urlsIn(text), ...code];
  const starts: number[] = [];
  for (let at = text.indexOf("@"); at >= 0; at = text.indexOf("@", at + 1)) {
    const last = at ? text.slice(Math.max(0, at - LETTER_LENGTH), at) : before;
    const free = !last || MAY_STAND_BEFORE.test(last.at(-1) ?? "");
    const address = CASED_LETTER.test(last) && HOST.test(text.slice(at, at + HOST_LENGTH));
    if (free && !address && !excluded.some(([from, to]) => from <= at && at < to)) starts.push(at);
  }
  return starts;
}

/** What may be a name after the `@` at this place: with punctuation at its end and without. Empty if it is an address. */
export function mentionNamesAt(text: string, at: number): string[] {
  NAME.lastIndex = at + 1;
  const whole = NAME.exec(text)?.[0] ?? "";
  if (HOST.test(text.slice(at + 1 + whole.length, at + 300))) return [];
  const bare = whole.replace(/[._-]+$/, "");
  return [...new Set([whole, bare])].filter((name) => name.length >= 3 && name.length <= 32 && /^[A-Za-z0-9]/.test(name));
}

function urlsIn(text: string): Range[] {
  const ranges: Range[] = [];
  URLS.lastIndex = 0;
  for (let match = URLS.exec(text); match; match = URLS.exec(text)) {
    URLS.lastIndex = match.index + urlLength(match[0]);
    ranges.push([match.index, URLS.lastIndex]);
  }
  return ranges;
}

/** A bracket that is not opened in a URL closes what is around it, and what stresses a text in Markdown is not part of it. */
function urlLength(url: string): number {
  const open = { ")": 0, "]": 0 };
  for (const { 0: mark, index } of url.matchAll(/[()[\]]|(?:\*\*|__|~~)@/g)) {
    if (mark === "(") open[")"] += 1;
    else if (mark === "[") open["]"] += 1;
    else if ((mark !== ")" && mark !== "]") || --open[mark] < 0) return index;
  }
  return url.length;
}
