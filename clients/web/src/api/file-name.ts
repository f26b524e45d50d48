/** What the server takes in no name: nobody sees it, or it turns the direction of writing. */
const INVISIBLE =
  /[\p{Cc}\u00ad\u061c\u115f\u1160\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060-\u2064\u2066-\u2069\u3164\ufeff\uffa0\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;
/** No name either, as long as there is nothing else in it. */
const BLANK = /^[\s\u034f\u17b4\u17b5\u180b-\u180f\u200c\u200d\u2800\ufe00-\ufe0f\u{e0100}-\u{e01ef}]*$/u;
const MAX_FILE_NAME_CHARACTERS = 255;

/** A file's name as the server takes it: some systems put marks into names that people never see. */
export function toFileName(name: string): string {
  const visible = name.replaceAll(/[/\\]/g, "_").replaceAll(INVISIBLE, "").trim();
  const short = [...visible].slice(0, MAX_FILE_NAME_CHARACTERS).join("");
  return BLANK.test(short) ? "file" : short;
}
