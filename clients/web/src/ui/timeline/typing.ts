import type { Key } from "../i18n";
import type { Params } from "../i18n/say";

/** What to say of those who type: two of them by name, and how many others there are. */
export function typingText(names: readonly string[]): [Key, Params] | undefined {
  const [a, b, ...others] = names;
  if (a === undefined) return undefined;
  if (b === undefined) return ["typingOne", { a }];
  return others.length ? ["typingMore", { a, b, count: others.length }] : ["typingTwo", { a, b }];
}
