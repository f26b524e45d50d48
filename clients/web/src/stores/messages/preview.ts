// What a message says, in one line.

import type { Message } from "../../domain/types";
import { plain } from "./markdown";

/** Its text, else the names of its files; empty if it says nothing by itself. */
export function gist({ content, attachments }: Pick<Message, "content" | "attachments">): string {
  if (content.kind !== "text") return "";
  return plain(content.text) || attachments.map(({ name }) => name).join(", ");
}
