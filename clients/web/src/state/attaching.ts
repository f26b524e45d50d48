// Files are uploaded as soon as they are chosen. Loaded with the first one.

import type { Api } from "../api/calls";
import type { Begun } from "./begun";

/** Images that every browser shows. */
const SHOWN = /^image\/(png|jpeg|gif|webp|avif)$/;

let last = 0;

/** Attaches a file to what is being written; `failed` is told if it cannot be uploaded. */
export async function attach(api: Api, begun: Begun, file: File, failed: (error: unknown) => void): Promise<void> {
  const key = ++last;
  const control = new AbortController();
  const drop = () => begun.drop(key);
  begun.add({
    key,
    name: file.name,
    size: file.size,
    preview: SHOWN.test(file.type) ? URL.createObjectURL(file) : "",
    share: 0,
    id: "",
    cancel: () => (control.abort(), drop()),
  });
  try {
    const files = await api.files();
    const { id } = await files.upload(file, control.signal, (share) => begun.uploaded(key, { share }));
    begun.uploaded(key, { id });
  } catch (error) {
    drop();
    if (!control.signal.aborted) failed(error);
  }
}
