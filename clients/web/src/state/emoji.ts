// The emoji to pick from, fetched when they are first wanted.

/** A group's name and its emoji, each with what it is called in English. */
export type EmojiGroup = readonly [group: string, emoji: readonly (readonly [emoji: string, name: string])[]];

let groups: Promise<readonly EmojiGroup[]> | undefined;

export function allEmoji(): Promise<readonly EmojiGroup[]> {
  groups ??= import("../gen/emoji.json").then(
    (file) => file.default as unknown as readonly EmojiGroup[],
    (error: unknown) => {
      groups = undefined;
      throw error;
    },
  );
  return groups;
}

const KEY = "causerie.emoji";
const FIRST = ["👍", "❤️", "😂", "🎉", "🙏", "👀", "✅", "🤔"];

/** Those that were used last, the newest first. */
export function recentEmoji(): readonly string[] {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? "[]") as string[];
    return [...new Set([...kept, ...FIRST])].slice(0, 16);
  } catch {
    return FIRST;
  }
}

export function usedEmoji(emoji: string): void {
  try {
    localStorage.setItem(KEY, JSON.stringify([emoji, ...recentEmoji().filter((it) => it !== emoji)].slice(0, 16)));
  } catch {
    // Full or forbidden: those there are stay.
  }
}

/** Those whose name has a word that begins so, for what is being written. */
export async function findEmoji(word: string, most: number): Promise<(readonly [string, string])[]> {
  const wanted = word.toLowerCase().replaceAll("_", " ");
  const all = (await allEmoji()).flatMap(([, emoji]) => emoji);
  const starts = all.filter(([, name]) => name.startsWith(wanted));
  const within = all.filter(([, name]) => !name.startsWith(wanted) && ` ${name}`.includes(` ${wanted}`));
  return [...starts, ...within].slice(0, most);
}
