// The pictures one can leaf through: those of the messages that are loaded.

import type { Attachment, Message } from "../../domain/types";

export interface ViewerImage {
  readonly message: Message;
  readonly file: Attachment;
  /** The messages whose pictures one leafs through; else those of the timeline. */
  readonly among?: readonly Message[];
}

/** A file may go with several messages. */
export const isSameImage = (a: ViewerImage, b: ViewerImage) => a.message.seq === b.message.seq && a.file.id === b.file.id;

/** In the order of the messages; only its own if `opened` is not among them, as in a thread. */
export function imagesAround(opened: ViewerImage, messages: readonly Message[]): ViewerImage[] {
  const all = messages.flatMap(imagesIn);
  return all.some((it) => isSameImage(it, opened)) ? all : imagesIn(opened.message);
}

function imagesIn(message: Message): ViewerImage[] {
  return message.attachments.filter(({ image }) => image).map((file) => ({ message, file }));
}
