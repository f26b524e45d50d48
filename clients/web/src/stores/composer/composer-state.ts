// What is being written, in each room and thread: the text, whether it answers
// or edits a message, and the files that go with it. It outlives the page that
// shows it; the text of a new message also outlives a reload.

import { batch, createSignal, onCleanup } from "solid-js";

import type { Message } from "../../domain/types";
import type { Drafts } from "./drafts";

/** A file that goes with the message that is being written. */
export interface Attaching {
  readonly key: number;
  readonly name: string;
  readonly size: number;
  /** Where the page finds an image before it is a file; empty for all else. */
  readonly preview: string;
  /** How much is uploaded, from 0 to 1. */
  readonly share: number;
  /** The file, once it is uploaded. */
  readonly id: string;
  readonly cancel: () => void;
  /** Uploads it once more, after that has failed. */
  readonly retry?: (() => void) | undefined;
}

export type Begun = ReturnType<typeof createBegun>;

/** Must be called where Solid can clean up. */
export function createAllBegun(drafts: Drafts) {
  const all = new Map<string, Begun>();
  onCleanup(() => all.forEach((it) => it.stop()));
  const begun = (key: string): Begun => {
    const it = all.get(key) ?? createBegun(drafts, key);
    all.set(key, it);
    return it;
  };
  /** Whether files are on their way, wherever. */
  const uploading = () => [...all.values()].some((it) => it.uploading());
  /** All positions are others now: nothing is answered or edited any more. What was written is a draft of its room. */
  const forget = () =>
    batch(() => {
      for (const [key, it] of all) it.forget(key.split("/")[0] ?? "");
      drafts.leaveThreads();
    });
  return Object.assign(begun, { uploading, forget });
}

function createBegun(drafts: Drafts, key: string) {
  const [answering, setAnswering] = createSignal<Message>();
  const [edit, setEdit] = createSignal<{ readonly message: Message; readonly text: string }>();
  const [files, setFiles] = createSignal<readonly Attaching[]>([]);
  const [later, setLater] = createSignal<() => void>();
  const uploading = () => files().some(({ id }) => !id);

  // Whoever changes what is to be sent says anew that it is.
  const callOff = () => setLater(undefined);
  const begin = (answer: Message | undefined, edited: Message | undefined) =>
    batch(() => {
      callOff();
      setAnswering(answer);
      setEdit(edited?.content.kind === "text" ? { message: edited, text: edited.content.text } : undefined);
    });
  const rest = () => begin(undefined, undefined);

  function keep(kept: readonly Attaching[]): void {
    const stays = new Set(kept.map(({ preview }) => preview));
    for (const { preview } of files()) if (!stays.has(preview)) URL.revokeObjectURL(preview);
    setFiles(kept);
  }

  return {
    answering,
    editing: () => edit()?.message,
    answer: (message: Message) => begin(message, undefined),
    edit: (message: Message) => begin(undefined, message),
    /** Neither any more: the draft is there again. */
    rest,
    text: () => edit()?.text ?? drafts.get(key),
    write(text: string): void {
      callOff();
      const now = edit();
      if (now) setEdit({ ...now, text });
      else drafts.set(key, text);
    },

    files,
    uploading,
    add(file: Attaching): void {
      callOff();
      keep([...files(), file]);
    },
    drop(file: number): void {
      callOff();
      keep(files().filter((it) => it.key !== file));
    },
    uploaded(file: number, to: Partial<Pick<Attaching, "share" | "id" | "retry">>): void {
      keep(files().map((it) => (it.key === file ? { ...it, ...to } : it)));
      if (to.retry) callOff();
      if (uploading()) return;
      const send = later();
      callOff();
      send?.();
    },

    /** Whether it is sent when its files are uploaded. */
    waits: () => later() !== undefined,
    callOff,
    whenUploaded(send: () => void): void {
      for (const { retry } of files()) retry?.();
      if (uploading()) setLater(() => send);
      else send();
    },
    /** All is sent now: nothing is begun any more. The files that go with it. */
    take(): string[] {
      const ids = files().map(({ id }) => id);
      batch(() => (rest(), keep([]), drafts.set(key, "")));
      return ids;
    },
    /** Neither, for there is no such message; an edit becomes a draft of the room. */
    forget(roomId: string): void {
      const now = edit();
      rest();
      if (now?.message.content.kind === "text" && now.message.content.text !== now.text) drafts.append(roomId, now.text);
    },
    stop(): void {
      for (const file of files()) file.cancel();
    },
  };
}
