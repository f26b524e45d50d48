// Writes src/gen/emoji.json: the emoji to pick from, by group, each with its
// name. Only those that every platform draws, in their fully qualified form.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = join(dirname(fileURLToPath(import.meta.url)), "..");
const source = createRequire(import.meta.url).resolve("unicode-emoji-json/data-by-group.json");
const groups = JSON.parse(readFileSync(source, "utf8"));
/** Newer ones are boxes on many machines. */
const NEWEST = 14;

const out = groups.map(({ slug, emojis }) => [
  slug,
  emojis.filter((it) => Number(it.emoji_version) <= NEWEST).map((it) => [it.emoji, it.name]),
]);
mkdirSync(join(here, "src/gen"), { recursive: true });
writeFileSync(join(here, "src/gen/emoji.json"), JSON.stringify(out));
