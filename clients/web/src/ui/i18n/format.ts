// How a text comes out of a catalogue. Pure.

import { Failure } from "../../domain/failure";
import type { Catalogue, Key } from "./catalogue";
import { en } from "./en";
import { isRightToLeft } from "./languages";

export interface LanguageTexts {
  readonly language: string;
  /** The texts' language with the region that the browser asks for. */
  readonly locale: string;
  /** Those that have been loaded. */
  readonly texts: Partial<Catalogue>;
}

export type Params = Readonly<Record<string, string | number>>;

/** A text with its places filled in. `count` decides the form. */
export function format(active: LanguageTexts, key: Key, params: Params): string {
  const { texts, locale } = active;
  const text = texts[key] ?? en.failed;
  const form = typeof text === "string" ? text : (text[plurals(locale).select(Number(params["count"]))] ?? text.other);
  return form.replace(/\{(\w+)\}/g, (placeholder, name: string) => {
    const value = params[name];
    if (value === undefined) return placeholder;
    return typeof value === "number" ? numbers(locale).format(value) : isolate(active, value);
  });
}

const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/**
 * Someone's words within ours, so that neither turns the other round: between
 * marks (FSI and PDI) that the server lets nobody write. None where all runs one way.
 */
export function isolate(active: LanguageTexts, words: string): string {
  return isRightToLeft(active) || RIGHT_TO_LEFT.test(words) ? `\u2068${words}\u2069` : words;
}

/** What to tell of something that the server refused, if there is a text for it. */
export function refusal(active: LanguageTexts, reason: string): string | undefined {
  return reason in active.texts ? format(active, reason as Key, {}) : undefined;
}

/** What to tell a user of a failure. */
export function explain(active: LanguageTexts, failure: unknown): string {
  const own = (key: Key) => format(active, key, {});
  if (!(failure instanceof Failure)) return own("failed");
  const text = refusal(active, failure.textKey);
  if (text !== undefined) return text;
  switch (failure.code) {
    case "unavailable":
    case "deadline":
      return own("unavailable");
    case "unauthenticated":
      return own("signedOut");
    // A newer server's; in English, but a sentence.
    case "final":
    case "exhausted":
      return failure.message || own("failed");
    default:
      return own("failed");
  }
}

function memo<T>(make: (locale: string) => T): (locale: string) => T {
  const cache = new Map<string, T>();
  return (locale) => {
    const cached = cache.get(locale) ?? make(locale);
    cache.set(locale, cached);
    return cached;
  };
}

const plurals = memo((locale) => new Intl.PluralRules(locale));
const numbers = memo((locale) => new Intl.NumberFormat(locale));
