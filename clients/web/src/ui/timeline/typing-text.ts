import type { Key } from "../i18n";
import type { Params } from "../i18n/format";

/** The text for typing users: two by name, and the number of others; without names in a large room. */
export function typingText(names: readonly string[], several = false): [Key, Params] | undefined {
  if (several) return ["typingSeveral", {}];
  const [a, b, ...others] = names;
  if (a === undefined) return undefined;
  if (b === undefined) return ["typingOne", { a }];
  return others.length ? ["typingMore", { a, b, count: others.length }] : ["typingTwo", { a, b }];
}
