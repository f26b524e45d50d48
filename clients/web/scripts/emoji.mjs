// Writes src/gen/emoji.json: the emoji to pick from, by group, each with its
// name, in their fully qualified form. Those that not every platform draws have
// a third item.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = join(dirname(fileURLToPath(import.meta.url)), "..");
const source = createRequire(import.meta.url).resolve("unicode-emoji-json/data-by-group.json");
const groups = JSON.parse(readFileSync(source, "utf8"));
/** Newer ones are boxes on some machines. */
const DRAWN_EVERYWHERE = 14;

const out = groups.map(({ slug, emojis }) => [
  slug,
  emojis.map((it) => [it.emoji, it.name, ...(Number(it.emoji_version) > DRAWN_EVERYWHERE ? [1] : [])]),
]);
mkdirSync(join(here, "src/gen"), { recursive: true });
writeFileSync(join(here, "src/gen/emoji.json"), JSON.stringify(out));
