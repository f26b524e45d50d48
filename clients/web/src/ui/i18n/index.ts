// The language of the interface. What one sees first is there in English from
// the start; all else is fetched. Where a language cannot be had, English stands
// in for it until it can.

import { createEffect, createRoot, createSignal, untrack } from "solid-js";

import { prefs } from "../../stores/preferences/prefs";
import type { Catalogue, Key } from "./catalogue";
import { en } from "./en";
import { isRightToLeft, preferred, type Language, type Preferred } from "./languages";
import { isolate as isolateIn, explain as explainIn, refusal as refusalIn, format, type Params, type LanguageTexts } from "./format";

export type { Key } from "./catalogue";
export { LANGUAGES } from "./languages";

/** A language that could not be had is asked for again after this. */
const RETRY_MS = 10_000;

const LOADERS: Record<Language, () => Promise<Catalogue>> = {
  en: () => import("./en.deferred").then(({ deferred }) => ({ ...en, ...deferred })),
  de: () => import("./de").then(({ de }) => de),
  fr: () => import("./fr").then(({ fr }) => fr),
  es: () => import("./es").then(({ es }) => es),
  zh: () => import("./zh").then(({ zh }) => zh),
  ar: () => import("./ar").then(({ ar }) => ar),
};

/** What is there from the start. */
const INITIAL: LanguageTexts = { language: "en", locale: "en", texts: en };
const [active, setActive] = createSignal(INITIAL);

/** The texts' language with the region that the browser asks for: dates follow it. */
export const locale = () => active().locale;
/** Until any language is whole, the page is laid out for the one that is on its way. */
const layoutLanguage = () => (active() === INITIAL ? preferredLanguage() : active());
export const direction = () => (isRightToLeft(layoutLanguage()) ? "rtl" : "ltr");

export const t = (key: Key, params: Params = {}) => format(active(), key, params);
/** “What: which”. */
export const labelled = (label: string, what: string) => label + t("colon") + what;
export const isolate = (words: string) => isolateIn(active(), words);
export const refusal = (reason: string) => refusalIn(active(), reason);
export const explain = (failure: unknown) => explainIn(active(), failure);

/** The digits that the texts have, so that what is counted and what is fixed are written the same way. */
const digits = (tag: string) => new Intl.Locale(tag, { numberingSystem: "latn" }).toString();

function chooseLanguage(chosen: string): Preferred {
  const { language, locale } = preferred(chosen, navigator.languages);
  return { language, locale: digits(locale) };
}

const preferredLanguage = () => chooseLanguage(prefs().language);

let retry: ReturnType<typeof setTimeout> | undefined;
let pending: { readonly locale: string; readonly loaded: Promise<void> } | undefined;

/** Ends when all texts are there, be it in another language than is wanted. What could not be had at all is asked for anew. */
export const loaded = (): Promise<void> => (untrack(active) === INITIAL ? loadPreferred() : Promise.resolve());

function loadPreferred(): Promise<void> {
  const wanted = untrack(preferredLanguage);
  if (pending?.locale === wanted.locale) return pending.loaded;
  const loading = load(wanted).then(
    (texts) => void (pending?.loaded === loading && setActive(texts)),
    (error: unknown) => {
      if (pending?.loaded === loading) pending = undefined;
      throw error;
    },
  );
  pending = { locale: wanted.locale, loaded: loading };
  return loading;
}

/** The texts of a language; where they cannot be had, those that are there already, or English ones. */
async function load(wanted: Preferred): Promise<LanguageTexts> {
  const texts = async (it: Preferred) => ({ ...it, texts: await LOADERS[it.language]() });
  try {
    return await texts(wanted);
  } catch (error) {
    clearTimeout(retry);
    retry = setTimeout(() => (pending = undefined, loadPreferred().catch(() => undefined)), RETRY_MS);
    const now = untrack(active);
    if (now !== INITIAL) return now;
    if (wanted.language === "en") throw error;
    return texts(chooseLanguage("en"));
  }
}

createRoot(() => {
  createEffect(() => (preferredLanguage(), loadPreferred().catch(() => undefined)));
  createEffect(() => {
    document.documentElement.lang = new Intl.Locale(layoutLanguage().locale).baseName;
    document.documentElement.dir = direction();
  });
});
