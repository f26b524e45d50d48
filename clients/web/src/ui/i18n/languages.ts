// Which languages there are, and which one is wanted. Pure. public/beforePaint.js
// goes by the same rules.

export const LANGUAGES = {
  en: "English",
  de: "Deutsch",
  fr: "Français",
  es: "Español",
  zh: "中文",
  ar: "العربية",
} as const;

export type Language = keyof typeof LANGUAGES;

export interface Preferred {
  readonly language: Language;
  /** The language with the region that the browser asks for. */
  readonly locale: string;
}

const isLanguage = (it: string): it is Language => Object.hasOwn(LANGUAGES, it);

/** Of a language that the user has chosen, or none, and the tags that the browser asks for. */
export function preferred(chosen: string, tags: readonly string[]): Preferred {
  const wanted = chosen ? [chosen] : tags.map((tag) => tag.split("-")[0] ?? "");
  const language = wanted.find(isLanguage) ?? "en";
  return { language, locale: tags.find((tag) => tag.startsWith(`${language}-`)) ?? language };
}

export const isRightToLeft = ({ language }: { readonly language: string }) => language === "ar";
