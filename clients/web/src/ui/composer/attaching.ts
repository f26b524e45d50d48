// Files that go with the message that is being written: each is uploaded at once.

import { createSignal, onCleanup } from "solid-js";

import { useChat } from "../../state/chat";
import { explain } from "../i18n";
import { toast } from "../kit/toast";

/** As many as go with one message. */
const MOST = 10;

export interface Attaching {
  readonly key: number;
  readonly name: string;
  /** From 0 to 1. */
  readonly share: number;
  /** The file, once it is uploaded. */
  readonly id: string;
  readonly cancel: () => void;
}

let last = 0;

export function createAttaching() {
  const chat = useChat();
  const [files, setFiles] = createSignal<readonly Attaching[]>([]);
  const change = (key: number, to: Partial<Attaching>) =>
    setFiles(files().map((it) => (it.key === key ? { ...it, ...to } : it)));
  const drop = (key: number) => setFiles(files().filter((it) => it.key !== key));

  async function upload(key: number, file: File, signal: AbortSignal): Promise<void> {
    try {
      const api = await chat.api.files();
      change(key, { id: (await api.upload(file, signal, (share) => change(key, { share }))).id });
    } catch (error) {
      drop(key);
      if (!signal.aborted) toast(`${file.name}: ${explain(error)}`, true);
    }
  }

  onCleanup(() => files().forEach((it) => !it.id && it.cancel()));

  return {
    files,
    uploading: () => files().some(({ id }) => !id),
    add(chosen: Iterable<File>): void {
      for (const file of [...chosen].slice(0, MOST - files().length)) {
        const key = ++last;
        const control = new AbortController();
        const cancel = () => (control.abort(), drop(key));
        setFiles([...files(), { key, name: file.name, share: 0, id: "", cancel }]);
        void upload(key, file, control.signal);
      }
    },
    /** What goes with the message that is sent now. */
    take(): string[] {
      const ids = files().map(({ id }) => id);
      setFiles([]);
      return ids;
    },
  };
}
