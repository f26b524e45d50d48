// What a message says, in one line.

import type { Message } from "../../domain/types";
import { plainText } from "./markdown";

/** Its text, else the names of its files; empty if it says nothing by itself. */
export function preview({ content, attachments }: Pick<Message, "content" | "attachments">): string {
  if (content.kind !== "text") return "";
  return plainText(content.text) || attachments.map(({ name }) => name).join(", ");
}
