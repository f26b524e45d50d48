// A preview of a message, in one line.

import type { Message } from "../../domain/types";
import { plainText } from "./markdown";

/** The text of a message, or else the names of its files; empty if it has neither. */
export function preview({ content, attachments }: Pick<Message, "content" | "attachments">): string {
  if (content.kind !== "text") return "";
  return plainText(content.text) || attachments.map(({ name }) => name).join(", ");
}
