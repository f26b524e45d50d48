// Mentions in a text that is being written: outside of code, by the same rule as the
// server's.

import { mentionStarts, mentionNamesAt, type Range } from "./mention-syntax";

/** Where an `@` begins a mention. */
export function draftMentionStarts(text: string): number[] {
  return text.includes("@") ? mentionStarts(text, "", codeIn(text)) : [];
}

/** All names that a text mentions, each once. */
export function mentionedNames(text: string): string[] {
  const names = new Map<string, string>();
  for (const at of draftMentionStarts(text)) {
    for (const name of mentionNamesAt(text, at)) if (!names.has(name.toLowerCase())) names.set(name.toLowerCase(), name);
  }
  return [...names.values()];
}

const QUOTES = /^(?: {0,3}>[ \t]?)*/;
const ITEM = /^ {0,3}(?:[-*+]|\d{1,9}[.)])(?: {1,4}(?! )|\t|$| (?= ))/;
const FENCE = /^ {0,3}(?:(`{3,})[^`]*|(~{3,}).*)$/;
const INDENTED = /^(?: {4}| {0,3}\t)/;
const HEADING = /^ {0,3}#{1,6}(?:[ \t]|$)/;
const RULE = /^ {0,3}(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$/;
/** Makes a heading of the lines before it. */
const UNDERLINE = /^ {0,3}(?:=+|-+)[ \t]*$/;
/** What a list may not begin with in the middle of a paragraph. */
const NO_FIRST_ITEM = /^ {0,3}(?:(?!1[.)])\d+[.)]|\S+[ \t]*$)/;
/** Where a link leads, at the beginning of a block: nothing in it is code. */
const DEFINITION = /^ {0,3}\[(?:[^[\]\\]|\\.)+\]:[ \t]*(?:\n[ \t]*)?\S+(?:(?:[ \t]+|[ \t]*\n[ \t]*)(?:"[^"]*"|'[^']*'|\([^()]*\)))?[ \t]*(?:\n|$)/;

/**
 * Where a text is code by the rules of CommonMark without HTML: fenced, indented, or between backticks within one block.
 * Only the composer asks; the server decides. So there is no whole parser: a quote within a list item is text, and a tab
 * after a mark is part of it.
 */
function codeIn(text: string): Range[] {
  if (!/[`~\t]| {4}/.test(text)) return [];
  const code: Range[] = [];
  let fence: { mark: string; quotes: number } | undefined;
  let block: Range | undefined;
  /** In how many quotes the block is. */
  let depth = 0;
  /** How far what belongs to the list item is indented. */
  let indent = 0;
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
    const lazy = !!rest.trim() && spaces < indent;
    if (lazy) fence = undefined;
    let column = Math.min(spaces, indent);
    if (lazy && !block && !ITEM.test(rest.slice(column))) indent = column = 0;
    rest = rest.slice(column);
    if (fence) {
      code.push([from, to + 1]);
      const { mark } = fence;
      if (quotes === fence.quotes && new RegExp(`^ {0,3}${mark[0]}{${mark.length},}[ \\t]*$`).test(rest)) fence = undefined;
      from = to + 1;
      continue;
    }
    if (quotes > depth) close();
    for (let item = ITEM.exec(rest); item && !RULE.test(rest) && !(INDENTED.test(rest) && !block); item = ITEM.exec(rest)) {
      if (block && !indent && quotes === depth && NO_FIRST_ITEM.test(rest)) break;
      close();
      indent = column += item[0].length;
      rest = rest.slice(item[0].length);
    }
    const [, ticks, tildes] = FENCE.exec(rest) ?? [];
    const mark = ticks ?? tildes;
    if (mark) {
      close();
      fence = { mark, quotes };
      if (column < indent) indent = 0;
      code.push([from, to + 1]);
    } else if (!rest.trim() || RULE.test(rest) || (block && column === indent && quotes === depth && UNDERLINE.test(rest))) close();
    else if (!block && INDENTED.test(rest)) code.push([from, to + 1]);
    else if (HEADING.test(rest)) {
      close();
      code.push(...spansIn(text, [to - rest.length, to]));
    } else {
      if (!block) depth = quotes;
      block = [block?.[0] ?? to - rest.length, to];
    }
    from = to + 1;
  }
  close();
  return code;
}

function spansIn(text: string, [from, to]: Range): Range[] {
  const spans: Range[] = [];
  let block = text.slice(from, to);
  for (let match = DEFINITION.exec(block); match; match = DEFINITION.exec(block)) {
    from += match[0].length;
    block = text.slice(from, to);
  }
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
