// Searches as the server reads them (`src/model/search.rs`, `terms.rs`): what is
// sought, and where in a text it stands, so that it can be shown there.

/** Letters without case, accents and width, cut into words; scripts without spaces give runs. */
export interface Token {
  readonly kind: "word" | "run" | "sign";
  readonly text: string;
  /** For each unit of `text`, the stretch of the original that it comes from. */
  readonly from: readonly number[];
  readonly to: readonly number[];
}

/** Tokens that follow each other; the last word of an open one may go on. */
export interface Phrase {
  readonly tokens: readonly Token[];
  readonly open: boolean;
}

export interface ParsedQuery {
  readonly phrases: readonly Phrase[];
  /** There is enough to search for: filters of place and time alone are not. */
  readonly isSearchable: boolean;
}

export interface TextSegment {
  readonly text: string;
  readonly isMatch: boolean;
}

const QUOTES = '"“”„';
const FILTER = /^(from|in|before|after|has):(?=\S)/i;
const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** Reads a search: words, “phrases in quotes” and filters. */
export function parseQuery(query: string): ParsedQuery {
  const phrases: Phrase[] = [];
  let isSearchable = false;
  for (let rest = query.trim(); rest; ) {
    const filter = filterOf(rest);
    const value = rest.slice(filter ? filter.length + 1 : 0);
    const quoted = QUOTES.includes(value[0] ?? " ");
    const inside = quoted ? value.slice(1) : value;
    const end = inside.search(quoted ? /["“”„]/ : /[\s"“”„]/);
    const term = end < 0 ? inside : inside.slice(0, end);
    rest = end < 0 ? "" : inside.slice(end + (quoted ? 1 : 0)).trim();
    if (filter) isSearchable ||= filter === "from" || filter === "has";
    else {
      const match = tokenize(term);
      if (match.length) phrases.push({ tokens: match, open: !quoted });
    }
  }
  return { phrases, isSearchable: isSearchable || phrases.length > 0 };
}

function filterOf(text: string): string | undefined {
  const filter = FILTER.exec(text)?.[1]?.toLowerCase();
  return filter === "has" && !/^has:file(?!\S)/i.test(text) ? undefined : filter;
}

export function tokenize(text: string): Token[] {
  const all: { kind: Token["kind"]; text: string; from: number[]; to: number[] }[] = [];
  let open = false;
  for (const { segment, index } of graphemes.segment(text)) {
    for (const char of folded(segment)) {
      const kind = kindOf(char);
      const last = all.at(-1);
      let token = open && last?.kind === kind && kind !== "sign" ? last : undefined;
      open = kind !== undefined;
      if (!kind) continue;
      if (!token) all.push((token = { kind, text: "", from: [], to: [] }));
      token.text += char;
      for (let unit = 0; unit < char.length; unit++) {
        token.from.push(index);
        token.to.push(index + segment.length);
      }
    }
  }
  return all;
}

/** The text, cut where it has what is sought. */
export function highlight(text: string, phrases: readonly Phrase[]): TextSegment[] {
  const all = phrases.length ? tokenize(text) : [];
  const spans = phrases.flatMap((phrase) => all.flatMap((_, at) => spansAt(phrase, all, at)));
  spans.sort(([a], [b]) => a - b);
  const out: TextSegment[] = [];
  let done = 0;
  const push = (to: number, isMatch: boolean) => {
    if (to > done) out.push({ text: text.slice(done, to), isMatch });
    done = Math.max(done, to);
  };
  for (const [from, to] of spans) {
    push(from, false);
    push(to, true);
  }
  push(text.length, false);
  return out;
}

type Span = readonly [from: number, to: number];

function spansAt({ tokens: wantedTokens, open }: Phrase, all: readonly Token[], at: number): Span[] {
  const last = wantedTokens.length - 1;
  const spans: Span[] = [];
  for (const [i, token] of wantedTokens.entries()) {
    const match = all[at + i];
    const begins = match?.kind === token.kind ? matchStarts(token, match.text, i === 0, i === last, open) : [];
    if (!match || !begins.length) return [];
    for (const begin of begins) spans.push([match.from[begin] ?? 0, match.to[begin + token.text.length - 1] ?? 0]);
  }
  return spans;
}

/** Where in a token of the text one of the search stands. A run may stand anywhere in another. */
function matchStarts({ kind, text }: Token, match: string, first: boolean, last: boolean, open: boolean): number[] {
  const ending = match.length - text.length;
  if (kind === "run" && first && last) return everyIndex(match, text);
  if (kind === "run" && first) return match.endsWith(text) ? [ending] : [];
  if (last && (kind === "run" || (kind === "word" && open))) return match.startsWith(text) ? [0] : [];
  return match === text ? [0] : [];
}

function everyIndex(match: string, text: string): number[] {
  const all: number[] = [];
  for (let at = match.indexOf(text); at >= 0; at = match.indexOf(text, at + text.length)) all.push(at);
  return all;
}

/** Accents and points that people leave out, and what only says how its neighbours are shown. */
const DROPPED =
  /[\u0300-\u036F\u0483-\u0489\u0591-\u05BD\u05BF\u05C1\u05C2\u05C4\u05C5\u05C7\u0610-\u061A\u064B-\u065F\u0670\u06D6-\u06DC\u06DF-\u06E4\u06E7\u06E8\u06EA-\u06ED\u1AB0-\u1AFF\u1DC0-\u1DFF\u20D0-\u20FF\uFE20-\uFE2F\u00AD\u0640\u180B-\u180F\u200C-\u200F\u2060\uFE00-\uFE0F\uFEFF\u{1F3FB}-\u{1F3FF}\u{E0020}-\u{E007F}\u{E0100}-\u{E01EF}]/gu;
const DASH = /[\u2010-\u2015\u2212]/g;
/** Letters that are variants of others without being decomposed by Unicode, and marks that keyboards replace. */
const PLAIN: Readonly<Record<string, string>> = { ß: "ss", æ: "ae", œ: "oe", þ: "th", ð: "d", đ: "d", ø: "o", ł: "l", ı: "i", ς: "σ", ى: "ي", "‘": "'", "’": "'", "‚": "'", "‛": "'", "‹": "'", "›": "'", "“": '"', "”": '"', "„": '"', "‟": '"', "«": '"', "»": '"', "〝": '"', "〞": '"', "〟": '"' };

/** Without regard to case, width and accents, as the server folds all that is searched (`src/model/folding.rs`). */
export const fold = (text: string): string => folded(text) || text.toLowerCase();

function folded(grapheme: string): string {
  return [...grapheme.normalize("NFKD").toLowerCase().replace(DROPPED, "")].map((char) => PLAIN[char] ?? char).join("").replace(DASH, "-").normalize("NFC");
}

const SYMBOL = /[\u2190-\u21FF\u2300-\u23FF\u25A0-\u27BF\u2900-\u297F\u2B00-\u2BFF\u3030\u303D\u{1F000}-\u{1FAFF}]/u;
const UNSPACED =
  /[\p{Script=Thai}\p{Script=Lao}\p{Script=Myanmar}\p{Script=Khmer}\p{Script=Tai_Le}\p{Script=New_Tai_Lue}\p{Script=Tai_Tham}\p{Script=Javanese}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Bopomofo}\p{Script=Yi}ー]/u;

function kindOf(char: string): Token["kind"] | undefined {
  if (SYMBOL.test(char)) return "sign";
  if (/[\p{L}\p{N}\p{M}\p{Alphabetic}]/u.test(char)) return UNSPACED.test(char) && !/\p{Nd}/u.test(char) ? "run" : "word";
  return undefined;
}
