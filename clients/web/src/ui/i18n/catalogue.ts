import type { en } from "./en";

/** One text in the forms that a number asks for. */
export type Plural = { readonly other: string } & { readonly [form in Intl.LDMLPluralRule]?: string };

export type Key = keyof typeof en;

/** The texts of a language. */
export type Catalogue = { readonly [K in Key]: (typeof en)[K] extends string ? string : Plural };
