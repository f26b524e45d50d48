// The language of the interface. English is there from the start, but for what
// the server refuses; that and the others are fetched when they are wanted.

import { createRoot, createSignal, createEffect } from "solid-js";

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
  en: () => import("./en-refused").then(({ refused }) => ({ ...en, ...refused })),
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
export const isolate = (words: string) => apart(spoken(), words);
export const refusal = (reason: string) => refusalIn(spoken(), reason);
export const explain = (failure: unknown) => explainIn(spoken(), failure);

function wanted(): { language: Language; locale: string } {
  const chosen = prefs().language;
  for (const tag of chosen ? [chosen, ...navigator.languages] : navigator.languages) {
    const language = tag.split("-")[0] as Language;
    if (chosen && language !== chosen) continue;
    if (language in LANGUAGES) {
      const regional = navigator.languages.find((own) => own.startsWith(`${language}-`));
      return { language, locale: regional ?? tag };
    }
  }
  return { language: "en", locale: "en" };
}

createRoot(() => {
  createEffect(() => {
    const { language, locale } = wanted();
    LOADERS[language]().then(
      (texts) => wanted().language === language && speak({ language, locale, texts }),
      // Without a connection the language stays as it is.
      () => undefined,
    );
  });
  createEffect(() => {
    document.documentElement.lang = locale();
    document.documentElement.dir = direction();
  });
});
