import type { Key } from "../i18n";
import type { Params } from "../i18n/format";

/** What to say of those who type: two of them by name, and how many others there are; nobody by name in a large room. */
export function typingText(names: readonly string[], several = false): [Key, Params] | undefined {
  if (several) return ["typingSeveral", {}];
  const [a, b, ...others] = names;
  if (a === undefined) return undefined;
  if (b === undefined) return ["typingOne", { a }];
  return others.length ? ["typingMore", { a, b, count: others.length }] : ["typingTwo", { a, b }];
}
