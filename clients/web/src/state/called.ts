// Whom a text as it is written calls: not in its code, by the same rule as the
// server's.

import { mentionStarts, namesAt, type Range } from "./names";

/** Where an `@` begins a mention. */
export function writtenMentionStarts(text: string): number[] {
  return text.includes("@") ? mentionStarts(text, "", codeIn(text)) : [];
}

/** All names that a text calls, each once. */
export function namesIn(text: string): string[] {
  const names = new Map<string, string>();
  for (const at of writtenMentionStarts(text)) {
    for (const name of namesAt(text, at)) if (!names.has(name.toLowerCase())) names.set(name.toLowerCase(), name);
  }
  return [...names.values()];
}

const QUOTES = /^(?: {0,3}>[ \t]?)*/;
const ITEM = /^ {0,3}(?:[-*+]|\d{1,9}[.)])(?: {1,4}(?! )|\t|$| (?= ))/;
const FENCE = /^ {0,3}(?:(`{3,})[^`]*|(~{3,}).*)$/;
const INDENTED = /^(?: {4}| {0,3}\t)/;
const HEADING = /^ {0,3}#{1,6}(?:[ \t]|$)/;

/** Where a text is code by the rules of CommonMark: fenced, indented, or between backticks within one block. */
function codeIn(text: string): Range[] {
  if (!/[`~\t]| {4}/.test(text)) return [];
  const code: Range[] = [];
  let fence: { mark: string; quotes: number } | undefined;
  let block: Range | undefined;
  /** How far what belongs to the list item is indented. */
  let indent = 0;
  let blank = true;
  const close = () => {
    if (block) code.push(...spansIn(text, block));
    block = undefined;
  };
  let from = 0;
  for (const line of text.split("\n")) {
    const to = from + line.length;
    const marks = QUOTES.exec(line)?.[0] ?? "";
    const quotes = marks.replace(/[^>]/g, "").length;
    let rest = line.slice(marks.length);
    if (fence && quotes < fence.quotes) fence = undefined;
    const spaces = /^ */.exec(rest)?.[0].length ?? 0;
    if (rest.trim() && spaces < indent && blank) indent = 0;
    rest = rest.slice(Math.min(spaces, indent));
    if (fence) {
      code.push([from, to + 1]);
      const { mark } = fence;
      if (new RegExp(`^ {0,3}${mark[0]}{${mark.length},}[ \\t]*$`).test(rest)) fence = undefined;
      from = to + 1;
      continue;
    }
    for (let item = ITEM.exec(rest); item && !(INDENTED.test(rest) && !block); item = ITEM.exec(rest)) {
      close();
      blank = true;
      indent += item[0].length;
      rest = rest.slice(item[0].length);
    }
    const [, ticks, tildes] = FENCE.exec(rest) ?? [];
    const mark = ticks ?? tildes;
    if (mark) {
      close();
      fence = { mark, quotes };
      code.push([from, to + 1]);
    } else if (!rest.trim()) close();
    else if (!block && INDENTED.test(rest)) code.push([from, to + 1]);
    else if (HEADING.test(rest)) {
      close();
      code.push(...spansIn(text, [from, to]));
    } else block = [block?.[0] ?? from, to];
    blank = !rest.trim();
    from = to + 1;
  }
  close();
  return code;
}

function spansIn(text: string, [from, to]: Range): Range[] {
  const spans: Range[] = [];
  const block = text.slice(from, to);
  // Each run of backticks once: a block of nothing else must not take long.
  const runs = [...block.matchAll(/`+/g)].map((run) => ({ at: run.index, length: run[0].length }));
  const last = new Map(runs.map((run, i) => [run.length, i]));
  for (let i = 0; i < runs.length; i++) {
    let { at, length } = runs[i]!;
    const slashes = /\\*$/.exec(block.slice(Math.max(0, at - 100), at))?.[0].length ?? 0;
    if (slashes % 2) {
      at += 1;
      length -= 1;
    }
    if (!length || (last.get(length) ?? -1) <= i) continue;
    const end = runs.findIndex((run, j) => j > i && run.length === length);
    const until = runs[end];
    if (!until) continue;
    spans.push([from + at, from + until.at + length]);
    i = end;
  }
  return spans;
}
