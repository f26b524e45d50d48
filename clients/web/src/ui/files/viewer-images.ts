// The pictures one can leaf through: those of the messages that are loaded.

import type { Attachment, Message } from "../../domain/types";

export interface Picture {
  readonly message: Message;
  readonly file: Attachment;
  /** The messages whose pictures one leafs through; else those of the timeline. */
  readonly among?: readonly Message[];
}

/** A file may go with several messages. */
export const sameOne = (a: Picture, b: Picture) => a.message.seq === b.message.seq && a.file.id === b.file.id;

/** In the order of the messages; only its own if `opened` is not among them, as in a thread. */
export function picturesAround(opened: Picture, messages: readonly Message[]): Picture[] {
  const all = messages.flatMap(picturesIn);
  return all.some((it) => sameOne(it, opened)) ? all : picturesIn(opened.message);
}

function picturesIn(message: Message): Picture[] {
  return message.attachments.filter(({ image }) => image).map((file) => ({ message, file }));
}
