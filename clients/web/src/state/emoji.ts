// The emoji to pick from, fetched when they are first wanted.

/** A group's name and its emoji, each with what it is called in English. */
export type EmojiGroup = readonly [group: string, emoji: readonly (readonly [emoji: string, name: string])[]];

let groups: Promise<readonly EmojiGroup[]> | undefined;

/** As they come: a third item says that not every machine has a picture for it. */
type Listed = readonly [emoji: string, name: string, isNew?: number];

export function allEmoji(): Promise<readonly EmojiGroup[]> {
  groups ??= import("../gen/emoji.json").then(
    (file) => {
      const isDrawn = createIsDrawn();
      return (file.default as unknown as readonly (readonly [string, readonly Listed[]])[]).map(
        ([group, emoji]) => [group, emoji.filter(([it, , isNew]) => !isNew || isDrawn(it)).map(([it, name]) => [it, name] as const)] as const,
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
  const most = 1.3 * context.measureText("😀").width;
  return (emoji) => {
    if (context.measureText(emoji).width > most) return false;
    context.clearRect(0, 0, SIZE, SIZE);
    context.fillText(emoji, 0, 0);
    const { data } = context.getImageData(0, 0, SIZE, SIZE);
    for (let i = 0; i < data.length; i += 4) if (data[i] !== data[i + 1] || data[i] !== data[i + 2]) return true;
    return false;
  };
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
