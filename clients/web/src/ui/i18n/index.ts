// The language of the interface. What one sees first is there in English from
// the start; all else is fetched. Where a language cannot be had, English stands
// in for it until it can.

import { createEffect, createRoot, createSignal, untrack } from "solid-js";

import { prefs } from "../../stores/preferences/prefs";
import type { Catalogue, Key } from "./catalogue";
import { en } from "./en";
import { isRightToLeft, preferred, type Language, type Preferred } from "./languages";
import { apart, explain as explainIn, refusal as refusalIn, say, type Params, type Spoken } from "./format";

export type { Key } from "./catalogue";
export { LANGUAGES } from "./languages";

/** A language that could not be had is asked for again after this. */
const RETRY_MS = 10_000;

const LOADERS: Record<Language, () => Promise<Catalogue>> = {
  en: () => import("./en.deferred").then(({ late }) => ({ ...en, ...late })),
  de: () => import("./de").then(({ de }) => de),
  fr: () => import("./fr").then(({ fr }) => fr),
  es: () => import("./es").then(({ es }) => es),
  zh: () => import("./zh").then(({ zh }) => zh),
  ar: () => import("./ar").then(({ ar }) => ar),
};

/** What is there from the start. */
const FIRST: Spoken = { language: "en", locale: "en", texts: en };
const [spoken, speak] = createSignal(FIRST);

/** The texts' language with the region that the browser asks for: dates follow it. */
export const locale = () => spoken().locale;
/** Until any language is whole, the page is laid out for the one that is on its way. */
const laidOut = () => (spoken() === FIRST ? wanted() : spoken());
export const direction = () => (isRightToLeft(laidOut()) ? "rtl" : "ltr");

export const t = (key: Key, params: Params = {}) => say(spoken(), key, params);
/** “What: which”. */
export const labelled = (label: string, what: string) => label + t("colon") + what;
export const isolate = (words: string) => apart(spoken(), words);
export const refusal = (reason: string) => refusalIn(spoken(), reason);
export const explain = (failure: unknown) => explainIn(spoken(), failure);

/** The digits that the texts have, so that what is counted and what is fixed are written the same way. */
const digits = (tag: string) => new Intl.Locale(tag, { numberingSystem: "latn" }).toString();

function prefer(chosen: string): Preferred {
  const { language, locale } = preferred(chosen, navigator.languages);
  return { language, locale: digits(locale) };
}

const wanted = () => prefer(prefs().language);

let retry: ReturnType<typeof setTimeout> | undefined;
let coming: { readonly locale: string; readonly whole: Promise<void> } | undefined;

/** Ends when all texts are there, be it in another language than is wanted. What could not be had at all is asked for anew. */
export const whole = (): Promise<void> => (untrack(spoken) === FIRST ? ask() : Promise.resolve());

function ask(): Promise<void> {
  const want = untrack(wanted);
  if (coming?.locale === want.locale) return coming.whole;
  const loading = load(want).then(
    (texts) => void (coming?.whole === loading && speak(texts)),
    (error: unknown) => {
      if (coming?.whole === loading) coming = undefined;
      throw error;
    },
  );
  coming = { locale: want.locale, whole: loading };
  return loading;
}

/** The texts of a language; where they cannot be had, those that are there already, or English ones. */
async function load(want: Preferred): Promise<Spoken> {
  const texts = async (it: Preferred) => ({ ...it, texts: await LOADERS[it.language]() });
  try {
    return await texts(want);
  } catch (error) {
    clearTimeout(retry);
    retry = setTimeout(() => (coming = undefined, ask().catch(() => undefined)), RETRY_MS);
    const now = untrack(spoken);
    if (now !== FIRST) return now;
    if (want.language === "en") throw error;
    return texts(prefer("en"));
  }
}

createRoot(() => {
  createEffect(() => (wanted(), ask().catch(() => undefined)));
  createEffect(() => {
    document.documentElement.lang = new Intl.Locale(laidOut().locale).baseName;
    document.documentElement.dir = direction();
  });
});
