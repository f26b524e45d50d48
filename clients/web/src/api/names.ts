/** What the server takes in no name: nobody sees it, or it turns the direction of writing. */
const UNSEEN = /[\p{Cc}\u00ad\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;
const MOST_CHARS = 255;

/** A file's name as the server takes it: some systems put marks into names that people never see. */
export function fileName(name: string): string {
  const seen = name.replaceAll(/[/\\]/g, "_").replaceAll(UNSEEN, "").trim();
  return [...seen].slice(0, MOST_CHARS).join("") || "file";
}
