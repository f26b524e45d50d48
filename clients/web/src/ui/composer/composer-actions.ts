// What is being written in a room: a new message, an answer, or an edit.

import { createMemo, createSignal, onCleanup } from "solid-js";

import type { ComposerState } from "../../stores/composer/composer-state";
import { useChat } from "../../stores/chat";
import { TypingThrottle } from "../../stores/composer/typing-throttle";
import { attempt } from "../shared/toast";

/** What the server takes, in characters. */
export const MOST = 4_000;
/** From here on the characters that are left are shown. */
export const WARN = 3_600;
/** What the server refuses in a text: controls, and marks that turn the direction of what follows. */
// eslint-disable-next-line no-control-regex
const REFUSED = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

export type Send = (text: string, replyTo: number, attachmentIds: string[]) => void;

interface Parts {
  readonly roomId: string;
  readonly begun: ComposerState;
  readonly tells: boolean;
  readonly send: Send;
}

export function createComposing({ roomId, begun, tells, send }: Parts) {
  const chat = useChat();
  const { text, editTarget } = begun;
  const throttle = new TypingThrottle();
  const [busy, setBusy] = createSignal(false);

  const clean = createMemo(() => text().replace(REFUSED, "").trim());
  // Characters as the server counts them, not UTF-16.
  const length = createMemo(() => (text().length < WARN ? text().length : [...clean()].length));
  /** Files are enough; those of a message stay when it is edited. */
  const full = () => clean() !== "" || (editTarget()?.attachments ?? begun.files()).length > 0;
  const sendable = () => full() && length() <= MOST && !busy() && !begun.isSendQueued();

  const rested = () => throttle.stop(Date.now()) && chat.setTyping(roomId, false);
  onCleanup(rested);

  function write(value: string): void {
    begun.write(value);
    if (editTarget() || !tells) return;
    if (value.trim() === "") rested();
    else if (throttle.input(Date.now())) chat.setTyping(roomId, true);
  }

  async function submit(): Promise<void> {
    if (!sendable()) return;
    const message = editTarget();
    if (message) {
      setBusy(true);
      if (await attempt(chat.edit(message, clean()))) begun.reset();
      setBusy(false);
      return;
    }
    const [said, replyTo] = [clean(), begun.replyTarget()?.seq ?? 0];
    if (begun.isUploading()) rested();
    // The message itself tells others that the writing is over.
    throttle.stop(Date.now());
    begun.sendWhenUploaded(() => send(said, replyTo, begun.clear()));
  }

  return { length, sendable, write, submit };
}
