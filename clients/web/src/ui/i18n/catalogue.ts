import type { en } from "./en";
import type { deferred } from "./en.deferred";

/** One text in the forms that a number asks for. */
export type Plural = { readonly other: string } & { readonly [form in Intl.LDMLPluralRule]?: string };

type English = typeof en & typeof deferred;

export type Key = keyof English;

/** The texts of a language. */
export type Catalogue = { readonly [K in Key]: English[K] extends string ? string : Plural };
