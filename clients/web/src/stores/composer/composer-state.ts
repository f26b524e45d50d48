// The state of the composer of each room and thread: the text, the message that it
// replies to or edits, and the attachments. It outlives the component that shows it;
// the text of a new message also outlives a reload.

import { batch, createSignal, onCleanup } from "solid-js";

import type { Message } from "../../domain/types";
import type { Drafts } from "./drafts";

/** A file that goes with the message that is being written. */
export interface PendingAttachment {
  readonly key: number;
  readonly name: string;
  readonly size: number;
  /** Where the page finds an image before it is a file; empty for all else. */
  readonly preview: string;
  /** How much is uploaded, from 0 to 1. */
  readonly progress: number;
  /** The file, once it is uploaded. */
  readonly id: string;
  readonly cancel: () => void;
  /** Uploads it once more, after that has failed. */
  readonly retry?: (() => void) | undefined;
}

export type ComposerState = ReturnType<typeof createComposerState>;

/** Must be called where Solid can clean up. */
export function createComposerStates(drafts: Drafts) {
  const all = new Map<string, ComposerState>();
  onCleanup(() => all.forEach((it) => it.stop()));
  const stateOf = (key: string): ComposerState => {
    const it = all.get(key) ?? createComposerState(drafts, key);
    all.set(key, it);
    return it;
  };
  /** Whether files are uploading in any composer. */
  const isUploading = () => [...all.values()].some((it) => it.isUploading());
  /** All positions are void: replies and edits are cancelled. Their text becomes a draft of the room. */
  const dropPositions = () =>
    batch(() => {
      for (const [key, it] of all) it.dropPositions(key.split("/")[0] ?? "");
      drafts.moveThreadDrafts();
    });
  return Object.assign(stateOf, { isUploading, dropPositions });
}

function createComposerState(drafts: Drafts, key: string) {
  const [replyTarget, setReplyTarget] = createSignal<Message>();
  const [edit, setEdit] = createSignal<{ readonly message: Message; readonly text: string }>();
  const [files, setFiles] = createSignal<readonly PendingAttachment[]>([]);
  const [queuedSend, setQueuedSend] = createSignal<() => void>();
  const isUploading = () => files().some(({ id }) => !id);

  // A change of the message cancels the queued send.
  const cancelSend = () => setQueuedSend(undefined);
  const start = (reply: Message | undefined, edited: Message | undefined) =>
    batch(() => {
      cancelSend();
      setReplyTarget(reply);
      setEdit(edited?.content.kind === "text" ? { message: edited, text: edited.content.text } : undefined);
    });
  const reset = () => start(undefined, undefined);

  function replaceFiles(next: readonly PendingAttachment[]): void {
    const previews = new Set(next.map(({ preview }) => preview));
    for (const { preview } of files()) if (!previews.has(preview)) URL.revokeObjectURL(preview);
    setFiles(next);
  }

  return {
    replyTarget,
    editTarget: () => edit()?.message,
    reply: (message: Message) => start(message, undefined),
    edit: (message: Message) => start(undefined, message),
    /** Cancels the reply or edit and shows the draft again. */
    reset,
    text: () => edit()?.text ?? drafts.get(key),
    write(text: string): void {
      cancelSend();
      const now = edit();
      if (now) setEdit({ ...now, text });
      else drafts.set(key, text);
    },

    files,
    isUploading,
    addFile(file: PendingAttachment): void {
      cancelSend();
      replaceFiles([...files(), file]);
    },
    removeFile(file: number): void {
      cancelSend();
      replaceFiles(files().filter((it) => it.key !== file));
    },
    updateFile(file: number, to: Partial<Pick<PendingAttachment, "progress" | "id" | "retry">>): void {
      replaceFiles(files().map((it) => (it.key === file ? { ...it, ...to } : it)));
      if (to.retry) cancelSend();
      if (isUploading()) return;
      const send = queuedSend();
      cancelSend();
      send?.();
    },

    /** Whether the message is sent when its files are uploaded. */
    isSendQueued: () => queuedSend() !== undefined,
    cancelSend,
    sendWhenUploaded(send: () => void): void {
      for (const { retry } of files()) retry?.();
      if (isUploading()) setQueuedSend(() => send);
      else send();
    },
    /** Empties the composer after sending. Returns the ids of the attachments. */
    clear(): string[] {
      const ids = files().map(({ id }) => id);
      batch(() => (reset(), replaceFiles([]), drafts.set(key, "")));
      return ids;
    },
    /** Cancels the reply or edit of a message that is gone; the text of an edit becomes a draft of the room. */
    dropPositions(roomId: string): void {
      const now = edit();
      reset();
      if (now?.message.content.kind === "text" && now.message.content.text !== now.text) drafts.append(roomId, now.text);
    },
    stop(): void {
      for (const file of files()) file.cancel();
    },
  };
}
