// Uploads files as soon as they are chosen. This code is loaded with the first file.

import type { Api } from "../../api/calls";
import { Failure } from "../../domain/failure";
import type { ComposerState } from "./composer-state";

/** Images that every browser shows. */
const DISPLAYABLE_IMAGE = /^image\/(png|jpeg|gif|webp|avif)$/;

let last = 0;

/** Attaches a file to what is being written; `failed` is told if it cannot be uploaded. */
export function uploadAttachment(api: Api, composer: ComposerState, file: File, onFailure: (error: unknown) => void): void {
  const key = ++last;
  const control = new AbortController();
  const remove = () => composer.removeFile(key);
  async function upload(): Promise<void> {
    composer.updateFile(key, { progress: 0, retry: undefined });
    try {
      const files = await api.files();
      const { id } = await files.upload(file, control.signal, (progress) => composer.updateFile(key, { progress }));
      composer.updateFile(key, { id });
    } catch (error) {
      if (control.signal.aborted) return;
      // A final failure would only repeat.
      if (error instanceof Failure && error.isFinal) remove();
      else composer.updateFile(key, { retry: () => void upload() });
      onFailure(error);
    }
  }
  composer.addFile({
    key,
    name: file.name,
    size: file.size,
    preview: DISPLAYABLE_IMAGE.test(file.type) ? URL.createObjectURL(file) : "",
    progress: 0,
    id: "",
    cancel: () => (control.abort(), remove()),
  });
  void upload();
}
