// Messages are written in a small Markdown. It is parsed into a tree that the
// views build elements from: no HTML is ever made of it, so there is nothing to
// sanitise. Whatever is not understood stays text.

import type { Mention } from "../../domain/types";
import { mentionStarts, mentionNamesAt } from "../mentions/mention-syntax";

export type Inline =
  /** `before`: what stands before it in the text as it was written, where that matters for a mention. */
  | { readonly kind: "text"; readonly text: string; readonly before?: string }
  | { readonly kind: "code"; readonly text: string }
  | { readonly kind: "strong" | "em" | "del"; readonly inside: readonly Inline[] }
  | { readonly kind: "link"; readonly href: string; readonly inside: readonly Inline[] }
  | { readonly kind: "break" };

export type Block =
  | { readonly kind: "paragraph"; readonly inside: readonly Inline[] }
  | { readonly kind: "heading"; readonly inside: readonly Inline[] }
  | { readonly kind: "code"; readonly language: string; readonly text: string }
  | { readonly kind: "quote"; readonly blocks: readonly Block[] }
  | { readonly kind: "list"; readonly start: number | undefined; readonly items: readonly (readonly Inline[])[] }
  | { readonly kind: "rule" };

/** Deeper nesting is text: nobody reads it, and it could be made to take long. */
const MAX_DEPTH = 6;

const FENCE = /^ {0,3}(```+|~~~+)(?:\s*([\w+#.-]+))?\s*$/;
const HEADING = /^#{1,6}\s+(.+)$/;
const QUOTE = /^ {0,3}>\s?/;
const BULLET = /^ {0,6}[-*+•]\s+(.*)$/;
const NUMBER = /^ {0,6}(\d{1,9})[.)]\s+(.*)$/;
const RULE = /^ {0,3}(?:-{3,}|\*{3,}|_{3,})\s*$/;

/** Wherever a dot in the rules above stops. */
const LINE_END = /\r\n|[\n\r\u2028\u2029]/;

export function parse(text: string): Block[] {
  return blocks(text.split(LINE_END), 0);
}

function blocks(lines: readonly string[], depth: number): Block[] {
  const out: Block[] = [];
  let paragraph: string[] = [];
  const close = () => {
    if (paragraph.length) out.push({ kind: "paragraph", inside: inline(paragraph.join("\n").trim()) });
    paragraph = [];
  };
  for (let i = 0; i < lines.length; ) {
    const line = lines[i] ?? "";
    const fence = FENCE.exec(line);
    if (fence) {
      close();
      const end = closing(lines, i + 1, fence[1] ?? "```");
      out.push({ kind: "code", language: fence[2] ?? "", text: lines.slice(i + 1, end).join("\n") });
      i = end + 1;
    } else if (QUOTE.test(line) && depth < MAX_DEPTH) {
      close();
      const end = run(lines, i, (l) => QUOTE.test(l));
      out.push({ kind: "quote", blocks: blocks(lines.slice(i, end).map((l) => l.replace(QUOTE, "")), depth + 1) });
      i = end;
    } else if (RULE.test(line)) {
      close();
      out.push({ kind: "rule" });
      i += 1;
    } else if (BULLET.test(line) || (NUMBER.test(line) && !paragraph.length)) {
      close();
      const of = BULLET.test(line) ? BULLET : NUMBER;
      const end = run(lines, i, (l) => of.test(l) && !RULE.test(l));
      const match = lines.slice(i, end).map((l) => of.exec(l));
      const start = of === NUMBER ? Number(match[0]?.[1]) : undefined;
      out.push({ kind: "list", start, items: match.map((f) => inline(f?.[of === NUMBER ? 2 : 1] ?? "")) });
      i = end;
    } else if (HEADING.test(line)) {
      close();
      out.push({ kind: "heading", inside: inline(HEADING.exec(line)?.[1] ?? "") });
      i += 1;
    } else {
      if (line.trim()) paragraph.push(line);
      else close();
      i += 1;
    }
  }
  close();
  return out;
}

function run(lines: readonly string[], from: number, goesOn: (line: string) => boolean): number {
  let end = from;
  while (end < lines.length && goesOn(lines[end] ?? "")) end += 1;
  return end;
}

/** A fence that is never closed goes to the end: most often someone forgot. */
function closing(lines: readonly string[], from: number, fence: string): number {
  return run(lines, from, (line) => !(line.trim().startsWith(fence) && !line.trim().replaceAll(fence[0] ?? "`", "")));
}

const PAIRS = [
  ["**", "strong"],
  ["__", "strong"],
  ["~~", "del"],
  ["*", "em"],
  ["_", "em"],
] as const;

const LINK = /\[((?:[^[\]\\\n]|\\.){1,500})\]\(\s*([^\s()<>]{1,2000}(?:\([^\s()<>]*\)[^\s()<>]*)?)\s*\)/y;
/** What ends a sentence in a script without spaces is no part of it. */
const ADDRESS = /https?:\/\/[^\s<>"`，。、；：！？「」『』【】《》〈〉“”]+/y;
const WORD = /[\p{L}\p{N}_]/u;
const ESCAPABLE = /[\\`*_~[\]()#>+.!|-]/;

function inline(text: string, depth = 0, before = ""): Inline[] {
  const out: Inline[] = [];
  /** Marks that nothing closes any more: what was sought once need not be sought again. */
  const unclosed = new Set<string>();
  let plain = "";
  let begin = 0;
  const end = () => {
    // Every other mark may stand before a mention.
    const joined = (begin ? text[begin - 1] : before.at(-1)) === "_";
    if (plain) out.push({ kind: "text", text: plain, ...(joined && { before: "_" }) });
    plain = "";
  };
  for (let i = 0; i < text.length; ) {
    const char = text[i] ?? "";
    const match = token(text, i, depth, unclosed);
    if (char === "\\" && ESCAPABLE.test(text[i + 1] ?? "")) {
      plain += text[i + 1];
      i += 2;
    } else if (match) {
      end();
      out.push(match.node);
      begin = i = match.end;
    } else {
      plain += char;
      i += 1;
    }
  }
  end();
  return out;
}

function token(text: string, i: number, depth: number, unclosed: Set<string>): { node: Inline; end: number } | undefined {
  switch (text[i]) {
    case "\n":
      return { node: { kind: "break" }, end: i + 1 };
    case "`":
      return code(text, i);
    case "[":
      return link(text, i, depth);
    case "h":
      return address(text, i);
    case "*":
    case "_":
    case "~":
      return depth < MAX_DEPTH ? pair(text, i, depth, unclosed) : undefined;
    default:
      return undefined;
  }
}

function code(text: string, i: number) {
  const ticks = /^`+/.exec(text.slice(i, i + 20))?.[0] ?? "`";
  const end = text.indexOf(ticks, i + ticks.length);
  if (end < 0) return undefined;
  const inside = text.slice(i + ticks.length, end);
  if (!inside.trim()) return undefined;
  return { node: { kind: "code", text: inside.replaceAll("\n", " ") } as const, end: end + ticks.length };
}

function link(text: string, i: number, depth: number) {
  LINK.lastIndex = i;
  const match = LINK.exec(text);
  const href = match && safeHref(match[2] ?? "");
  if (!match || !href) return undefined;
  return { node: { kind: "link", href, inside: inline(match[1] ?? "", depth + 1).map(unlinked) } as const, end: LINK.lastIndex };
}

/** A link within a link would be no valid page. */
function unlinked(node: Inline): Inline {
  return node.kind === "link" ? { kind: "text", text: node.href } : node;
}

function address(text: string, i: number) {
  if (WORD.test(text[i - 1] ?? "")) return undefined;
  ADDRESS.lastIndex = i;
  const match = ADDRESS.exec(text)?.[0] ?? "";
  // What ends a sentence is not part of the address, nor is a bracket that was opened before it.
  let unopened = match.split(")").length - match.split("(").length;
  let end = match.length;
  for (; end; end--) {
    const last = match[end - 1] ?? "";
    if (last === ")" && unopened > 0) unopened -= 1;
    else if (!/[.,:;!?'"*_~\]]/.test(last)) break;
  }
  const raw = match.slice(0, end);
  const href = safeHref(raw);
  if (!href) return undefined;
  return { node: { kind: "link", href, inside: [{ kind: "text", text: raw }] } as const, end: i + raw.length };
}

function pair(text: string, i: number, depth: number, unclosed: Set<string>) {
  for (const [mark, kind] of PAIRS) {
    if (!text.startsWith(mark, i)) continue;
    const from = i + mark.length;
    if (/\s/.test(text[from] ?? " ")) continue;
    // Underscores within a word are part of a name.
    if (mark[0] === "_" && WORD.test(text[i - 1] ?? "")) return undefined;
    const end = unclosed.has(mark) ? -1 : closes(text, from, mark);
    if (end < 0) unclosed.add(mark);
    if (end > from) {
      return { node: { kind, inside: inline(text.slice(from, end), depth + 1, mark) } as const, end: end + mark.length };
    }
  }
  return undefined;
}

function closes(text: string, from: number, mark: string): number {
  for (let end = text.indexOf(mark, from + 1); end >= 0; end = text.indexOf(mark, end + 1)) {
    if (/\s/.test(text[end - 1] ?? " ") || text[end - 1] === "\\") continue;
    if (mark[0] === "_" && WORD.test(text[end + mark.length] ?? "")) continue;
    // A single mark must not be half of a double one.
    if (mark.length === 1 && (text[end + 1] === mark || text[end - 1] === mark)) {
      if (text[end + 1] === mark) end += 1;
      continue;
    }
    return end;
  }
  return -1;
}

/** Only addresses that a click may safely open. */
export function safeHref(href: string): string | undefined {
  try {
    const url = new URL(href);
    return ["http:", "https:", "mailto:"].includes(url.protocol) ? url.href : undefined;
  } catch {
    return undefined;
  }
}

/** The text of what is drawn. */
export function textOf(nodes: readonly Inline[]): string {
  return nodes.map((node) => ("inside" in node ? textOf(node.inside) : "text" in node ? node.text : " ")).join("");
}

/** Where a link leads, unless its text is the address itself and names the place letter by letter. */
export function linkDestination(text: string, href: string): string | undefined {
  const { protocol, host, pathname } = new URL(href);
  const destination = host || pathname;
  const [scheme] = /^(?:https?:\/\/|mailto:)/.exec(text) ?? [""];
  const label = text.slice(scheme.length);
  const itself = safeHref((host ? `${protocol}//` : protocol) + label) === href;
  return itself && label.split(/[/?#]/)[0]?.toLowerCase() === destination ? undefined : destination;
}

/** A text cut where it calls someone by `@name`. */
export function splitMentions(text: string, mentions: readonly Mention[], before = ""): { text: string; mention?: Mention }[] {
  if (!mentions.length || !text.includes("@")) return [{ text }];
  const byName = new Map(mentions.map((mention) => [mention.name.toLowerCase(), mention]));
  const out: { text: string; mention?: Mention }[] = [];
  let done = 0;
  const push = (to: number, mention?: Mention) => {
    if (to > done) out.push({ text: text.slice(done, to), ...(mention && { mention }) });
    done = to;
  };
  for (const at of mentionStarts(text, before)) {
    const name = mentionNamesAt(text, at).find((it) => byName.has(it.toLowerCase()));
    if (!name) continue;
    push(at);
    push(at + 1 + name.length, byName.get(name.toLowerCase()));
  }
  push(text.length);
  return out;
}

/** A few emoji and nothing else are shown large. */
export function isEmojiOnly(text: string): boolean {
  return text.length <= 40 && /^(?:(?:\p{Extended_Pictographic}|\p{RI}\p{RI})(?:\uFE0F|\u200D\p{Extended_Pictographic}|\p{EMod})*\s*){1,4}$/u.test(text.trim());
}

/** One line for a list: the text without its marks. */
export function plainText(text: string): string {
  return text
    .replace(/```[\w+#.-]*\n?/g, " ")
    .replace(/(\*\*|__|~~|`)/g, "")
    .replace(/^ {0,6}(?:>|#{1,6}|[-*+])\s+/gm, "")
    .replace(/\s+/g, " ")
    .trim();
}
