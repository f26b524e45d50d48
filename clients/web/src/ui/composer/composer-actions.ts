// Actions of a composer: writing and sending a new message, a reply, or an edit.

import { createMemo, createSignal, onCleanup } from "solid-js";

import type { ComposerState } from "../../stores/composer/composer-state";
import { useChat } from "../../stores/chat";
import { TypingThrottle } from "../../stores/composer/typing-throttle";
import { attempt } from "../shared/toast";

/** What the server takes, in characters. */
export const MAX_MESSAGE_CHARACTERS = 4_000;
/** From here on the characters that are left are shown. */
export const LENGTH_WARNING_AT = 3_600;
/** Characters that the server refuses in a text: controls, and marks that change the direction of text. */
// eslint-disable-next-line no-control-regex
const REFUSED_CHARACTERS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

export type Send = (text: string, replyTo: number, attachmentIds: string[]) => void;

interface Parts {
  readonly roomId: string;
  readonly composer: ComposerState;
  readonly reportsTyping: boolean;
  readonly send: Send;
}

export function createComposerActions({ roomId, composer, reportsTyping, send }: Parts) {
  const chat = useChat();
  const { text, editTarget } = composer;
  const throttle = new TypingThrottle();
  const [busy, setBusy] = createSignal(false);

  const clean = createMemo(() => text().replace(REFUSED_CHARACTERS, "").trim());
  // Characters as the server counts them, not UTF-16.
  const length = createMemo(() => (text().length < LENGTH_WARNING_AT ? text().length : [...clean()].length));
  /** Files are enough; those of a message stay when it is edited. */
  const hasContent = () => clean() !== "" || (editTarget()?.attachments ?? composer.files()).length > 0;
  const canSend = () => hasContent() && length() <= MAX_MESSAGE_CHARACTERS && !busy() && !composer.isSendQueued();

  const stopTyping = () => throttle.stop(Date.now()) && chat.setTyping(roomId, false);
  onCleanup(stopTyping);

  function write(value: string): void {
    composer.write(value);
    if (editTarget() || !reportsTyping) return;
    if (value.trim() === "") stopTyping();
    else if (throttle.input(Date.now())) chat.setTyping(roomId, true);
  }

  async function submit(): Promise<void> {
    if (!canSend()) return;
    const message = editTarget();
    if (message) {
      setBusy(true);
      if (await attempt(chat.edit(message, clean()))) composer.reset();
      setBusy(false);
      return;
    }
    const [content, replyTo] = [clean(), composer.replyTarget()?.seq ?? 0];
    if (composer.isUploading()) stopTyping();
    // The message itself ends the typing state of others.
    throttle.stop(Date.now());
    composer.sendWhenUploaded(() => send(content, replyTo, composer.clear()));
  }

  return { length, canSend, write, submit };
}
