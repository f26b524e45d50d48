// The language of the interface. English is there from the start; the others
// are fetched when they are wanted.

import { createRoot, createSignal, createEffect } from "solid-js";

import { Failure } from "../../failure";
import { prefs } from "../../state/prefs";
import type { Catalogue, Key } from "./catalogue";
import { en } from "./en";

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

const LOADERS: Record<Exclude<Language, "en">, () => Promise<Catalogue>> = {
  de: () => import("./de").then(({ de }) => de),
  fr: () => import("./fr").then(({ fr }) => fr),
  es: () => import("./es").then(({ es }) => es),
  zh: () => import("./zh").then(({ zh }) => zh),
  ar: () => import("./ar").then(({ ar }) => ar),
};

const [spoken, speak] = createSignal<{ language: Language; locale: string; texts: Catalogue }>({
  language: "en",
  locale: "en",
  texts: en,
});

/** The texts' language with the region that the browser asks for: dates follow it. */
export const locale = () => spoken().locale;
export const direction = () => (spoken().language === "ar" ? "rtl" : "ltr");

type Params = Readonly<Record<string, string | number>>;

/** A text with its places filled in. `count` decides the form. */
export function t(key: Key, params: Params = {}): string {
  const { texts, locale } = spoken();
  const text = texts[key];
  const count = params["count"];
  const form = typeof text === "string" ? text : (text[plurals(locale).select(Number(count))] ?? text.other);
  return form.replace(/\{(\w+)\}/g, (place, name: string) => {
    const value = params[name];
    if (value === undefined) return place;
    return typeof value === "number" ? numbers(locale).format(value) : value;
  });
}

/** What to tell a user of a failure. */
export function explain(failure: unknown): string {
  if (!(failure instanceof Failure)) return t("failed");
  if (failure.reason in en) return t(failure.reason as Key);
  if (failure.code === "unavailable" || failure.code === "deadline") return t("unavailable");
  return failure.violations[0]?.description ?? (failure.message || t("failed"));
}

function memo<T>(make: (locale: string) => T): (locale: string) => T {
  const made = new Map<string, T>();
  return (locale) => {
    const kept = made.get(locale) ?? make(locale);
    made.set(locale, kept);
    return kept;
  };
}

const plurals = memo((locale) => new Intl.PluralRules(locale));
const numbers = memo((locale) => new Intl.NumberFormat(locale));

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
    const load = language === "en" ? Promise.resolve<Catalogue>(en) : LOADERS[language]();
    load.then(
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
