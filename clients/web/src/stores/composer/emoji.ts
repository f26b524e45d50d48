// The emoji to pick from, fetched when they are first wanted.

import { fold } from "../search/search-highlight";

/** With what it is called in English, and the same as it is searched for. */
export type Emoji = readonly [emoji: string, name: string, key: string];
/** A group's name and its emoji. */
export type EmojiGroup = readonly [group: string, emoji: readonly Emoji[]];

let groups: Promise<readonly EmojiGroup[]> | undefined;

/** As they come: a third item says that not every machine has a picture for it. */
type EmojiRecord = readonly [emoji: string, name: string, isNew?: number];

export function allEmoji(): Promise<readonly EmojiGroup[]> {
  groups ??= import("../../gen/emoji.json").then(
    (file) => {
      const isDrawn = createIsDrawn();
      return (file.default as unknown as readonly (readonly [string, readonly EmojiRecord[]])[]).map(
        ([group, emoji]) => [group, emoji.filter(([it, , isNew]) => !isNew || isDrawn(it)).map(([it, name]) => [it, name, fold(name)] as const)] as const,
      );
    },
    (error: unknown) => {
      groups = undefined;
      throw error;
    },
  );
  return groups;
}

const SIZE = 24;

/** Whether this machine has one picture for an emoji: in colour, and not as wide as the parts it is joined of. */
function createIsDrawn(): (emoji: string) => boolean {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIZE;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) return () => false;
  context.font = `${SIZE - 6}px sans-serif`;
  context.textBaseline = "top";
  const max = 1.3 * context.measureText("😀").width;
  return (emoji) => {
    if (context.measureText(emoji).width > max) return false;
    context.clearRect(0, 0, SIZE, SIZE);
    context.fillText(emoji, 0, 0);
    const { data } = context.getImageData(0, 0, SIZE, SIZE);
    for (let i = 0; i < data.length; i += 4) if (data[i] !== data[i + 1] || data[i] !== data[i + 2]) return true;
    return false;
  };
}

const RECENT_KEY = "causerie.emoji";
const DEFAULT_RECENT = ["👍", "❤️", "😂", "🎉", "🙏", "👀", "✅", "🤔"];

/** Those that were used last, the newest first. */
export function recentEmoji(): readonly string[] {
  try {
    const stored = JSON.parse(localStorage.getItem(RECENT_KEY) ?? "[]") as string[];
    return [...new Set([...stored, ...DEFAULT_RECENT])].slice(0, 16);
  } catch {
    return DEFAULT_RECENT;
  }
}

export function recordEmojiUse(emoji: string): void {
  try {
    localStorage.setItem(RECENT_KEY, JSON.stringify([emoji, ...recentEmoji().filter((it) => it !== emoji)].slice(0, 16)));
  } catch {
    // Full or forbidden: those there are stay.
  }
}

/** The groups with those emoji that have a word for each of a search that begins so. */
export function searchEmoji(groups: readonly EmojiGroup[], query: string): readonly EmojiGroup[] {
  const words = fold(query).split(/\s+/).filter(Boolean);
  const fits = ([, , key]: Emoji) => words.every((word) => ` ${key}`.includes(` ${word}`));
  return groups.map(([group, emoji]) => [group, emoji.filter(fits)] as const).filter(([, emoji]) => emoji.length);
}

/** Those whose name has a word that begins so, for what is being written. */
export async function findEmoji(word: string, max: number): Promise<Emoji[]> {
  const wanted = fold(word).replaceAll("_", " ");
  const all = (await allEmoji()).flatMap(([, emoji]) => emoji);
  const starts = all.filter(([, , key]) => key.startsWith(wanted));
  const within = all.filter(([, , key]) => !key.startsWith(wanted) && ` ${key}`.includes(` ${wanted}`));
  return [...starts, ...within].slice(0, max);
}
