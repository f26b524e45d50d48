// The language of the interface. What one sees first is there in English from
// the start; all else is fetched.

import { createEffect, createRoot, createSignal, untrack } from "solid-js";

import { prefs } from "../../state/prefs";
import type { Catalogue, Key } from "./catalogue";
import { en } from "./en";
import { apart, explain as explainIn, isRightToLeft, refusal as refusalIn, say, type Params, type Spoken } from "./say";

export type { Key } from "./catalogue";

export const LANGUAGES = {
  en: "English",
  de: "Deutsch",
  fr: "Français",
  es: "Español",
  zh: "中文",
  ar: "العربية",
} as const;

type Language = keyof typeof LANGUAGES;

const LOADERS: Record<Language, () => Promise<Catalogue>> = {
  en: () => import("./en-late").then(({ late }) => ({ ...en, ...late })),
  de: () => import("./de").then(({ de }) => de),
  fr: () => import("./fr").then(({ fr }) => fr),
  es: () => import("./es").then(({ es }) => es),
  zh: () => import("./zh").then(({ zh }) => zh),
  ar: () => import("./ar").then(({ ar }) => ar),
};

const [spoken, speak] = createSignal<Spoken>({ language: "en", locale: "en", texts: en });

/** The texts' language with the region that the browser asks for: dates follow it. */
export const locale = () => spoken().locale;
export const direction = () => (isRightToLeft(spoken()) ? "rtl" : "ltr");

export const t = (key: Key, params: Params = {}) => say(spoken(), key, params);
/** “What: which”. */
export const labelled = (label: string, what: string) => label + t("colon") + what;
export const isolate = (words: string) => apart(spoken(), words);
export const refusal = (reason: string) => refusalIn(spoken(), reason);
export const explain = (failure: unknown) => explainIn(spoken(), failure);

/** The digits that the texts have, so that what is counted and what is fixed are written the same way. */
const digits = (tag: string) => new Intl.Locale(tag, { numberingSystem: "latn" }).toString();

function wanted(): { language: Language; locale: string } {
  const chosen = prefs().language;
  for (const tag of chosen ? [chosen, ...navigator.languages] : navigator.languages) {
    const language = tag.split("-")[0] as Language;
    if (chosen && language !== chosen) continue;
    if (language in LANGUAGES) {
      const regional = navigator.languages.find((own) => own.startsWith(`${language}-`));
      return { language, locale: digits(regional ?? tag) };
    }
  }
  return { language: "en", locale: "en" };
}

let coming: { readonly locale: string; readonly whole: Promise<void> } | undefined;

/** Ends when all texts are there; what could not be had is asked for anew. */
export function whole(): Promise<void> {
  const { language, locale } = untrack(wanted);
  if (coming?.locale === locale) return coming.whole;
  const loading = LOADERS[language]().then(
    (texts) => void (coming?.whole === loading && speak({ language, locale, texts })),
    (error: unknown) => {
      // Without a connection the language stays as it is.
      if (coming?.whole === loading) coming = undefined;
      throw error;
    },
  );
  coming = { locale, whole: loading };
  return loading;
}

createRoot(() => {
  createEffect(() => (wanted(), whole().catch(() => undefined)));
  createEffect(() => {
    document.documentElement.lang = new Intl.Locale(locale()).baseName;
    document.documentElement.dir = direction();
  });
});
