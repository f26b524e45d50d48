// Files are uploaded as soon as they are chosen. Loaded with the first one.

import type { Api } from "../../api/calls";
import { Failure } from "../../domain/failure";
import type { Begun } from "./composer-state";

/** Images that every browser shows. */
const SHOWN = /^image\/(png|jpeg|gif|webp|avif)$/;

let last = 0;

/** Attaches a file to what is being written; `failed` is told if it cannot be uploaded. */
export function attach(api: Api, begun: Begun, file: File, failed: (error: unknown) => void): void {
  const key = ++last;
  const control = new AbortController();
  const drop = () => begun.drop(key);
  async function upload(): Promise<void> {
    begun.uploaded(key, { share: 0, retry: undefined });
    try {
      const files = await api.files();
      const { id } = await files.upload(file, control.signal, (share) => begun.uploaded(key, { share }));
      begun.uploaded(key, { id });
    } catch (error) {
      if (control.signal.aborted) return;
      // What the server does not want, it will not want later.
      if (error instanceof Failure && error.isFinal) drop();
      else begun.uploaded(key, { retry: () => void upload() });
      failed(error);
    }
  }
  begun.add({
    key,
    name: file.name,
    size: file.size,
    preview: SHOWN.test(file.type) ? URL.createObjectURL(file) : "",
    share: 0,
    id: "",
    cancel: () => (control.abort(), drop()),
  });
  void upload();
}
