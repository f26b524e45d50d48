// What is being written in a room: a new message, an answer, or an edit.

import { createEffect, createMemo, createSignal, on, onCleanup } from "solid-js";

import { useChat } from "../../state/chat";
import { TypingThrottle } from "../../state/typing";
import { attempt } from "../kit/toast";
import { createAttaching } from "./attaching";
import type { RoomTools } from "../room/tools";

/** What the server takes, in characters. */
export const MOST = 4_000;
/** From here on the characters that are left are shown. */
export const WARN = 3_600;
/** What the server refuses in a text: controls, and marks that turn the direction of what follows. */
// eslint-disable-next-line no-control-regex
export const REFUSED = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

export type Send = (text: string, replyTo: number, attachmentIds: string[]) => void;

interface Parts {
  readonly tools: RoomTools;
  readonly draft: string;
  readonly tells: boolean;
  readonly send: Send;
}

export function createComposing({ tools, draft, tells, send }: Parts) {
  const chat = useChat();
  const { roomId, editing, answering } = tools;
  const throttle = new TypingThrottle();
  const [text, setText] = createSignal(chat.drafts.get(draft));
  const [busy, setBusy] = createSignal(false);

  const clean = createMemo(() => text().replace(REFUSED, "").trim());
  // Characters as the server counts them, not UTF-16.
  const length = createMemo(() => (text().length < WARN ? text().length : [...clean()].length));
  const attaching = createAttaching();
  const full = () => clean() !== "" || (attaching.files().length > 0 && !editing());
  const sendable = () => full() && length() <= MOST && !busy() && !attaching.uploading();

  // An edit begins with the text as it is; after it the draft is there again.
  createEffect(
    on(editing, (message, before) => {
      if (message?.content.kind === "text") setText(message.content.text);
      else if (before) setText(chat.drafts.get(draft));
    }, { defer: true }),
  );
  onCleanup(() => throttle.stop(Date.now()) && chat.setTyping(roomId, false));

  function write(value: string): void {
    setText(value);
    if (editing()) return;
    chat.drafts.set(draft, value);
    if (!tells) return;
    const now = Date.now();
    const empty = value.trim() === "";
    if (empty ? throttle.stop(now) : throttle.input(now)) chat.setTyping(roomId, !empty);
  }

  async function submit(): Promise<void> {
    if (!sendable()) return;
    const message = editing();
    if (message) {
      setBusy(true);
      if (await attempt(chat.edit(message, clean()))) tools.rest();
      setBusy(false);
      return;
    }
    const [said, replyTo] = [clean(), answering()?.seq ?? 0];
    // The message itself tells others that the writing is over.
    throttle.stop(Date.now());
    setText("");
    chat.drafts.set(draft, "");
    tools.rest();
    send(said, replyTo, attaching.take());
  }

  return { text, length, sendable, write, submit, attaching };
}
