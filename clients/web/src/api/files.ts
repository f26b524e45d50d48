// Uploading files in pieces, and links to them. Loaded when a file is first
// seen or sent.

import { createClient, type Transport } from "@connectrpc/connect";

import { FileService, FileVariant } from "../gen/causerie/v1/files_pb";
import type { Attachment } from "../nouns";
import { attachment } from "./convert";
import { failureFrom } from "./failures";

/** As much as the server takes in one call. */
const CHUNK_BYTES = 512 * 1024;
/** A piece may be under way for longer than other calls on a slow line. */
const CHUNK_TIMEOUT_MS = 120_000;

export type FilesApi = ReturnType<typeof filesApi>;

export function filesApi(transport: Transport) {
  const files = createClient(FileService, transport);
  return {
    async upload(file: File, signal: AbortSignal, sent: (share: number) => void): Promise<Attachment> {
      try {
        const bytes = new Uint8Array(await file.arrayBuffer());
        const sha256 = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
        const name = file.name.replaceAll(/[/\\]/g, "_").slice(0, 255) || "file";
        const { upload } = await files.startUpload({ name, sizeBytes: BigInt(bytes.length) }, { signal });
        const uploadId = upload?.id ?? "";
        const cancel = () => void files.cancelUpload({ uploadId }).catch(() => undefined);
        signal.addEventListener("abort", cancel);
        for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
          const data = bytes.subarray(at, at + CHUNK_BYTES);
          await files.uploadChunk({ uploadId, offset: BigInt(at), data }, { signal, timeoutMs: CHUNK_TIMEOUT_MS });
          sent((at + data.length) / bytes.length);
        }
        const { file: done } = await files.finishUpload({ uploadId, sha256 }, { signal, timeoutMs: CHUNK_TIMEOUT_MS });
        signal.removeEventListener("abort", cancel);
        if (!done) throw new Error("the answer carries no file");
        return attachment(done);
      } catch (error) {
        throw failureFrom(error);
      }
    },
    /** Paths at the API's origin, by file; they work for some minutes. */
    async links(fileIds: string[], small: boolean): Promise<Map<string, string>> {
      const variant = small ? FileVariant.LARGE : FileVariant.UNSPECIFIED;
      const { links } = await files.createDownloadLinks({ fileIds, variant }).catch((error: unknown) => {
        throw failureFrom(error);
      });
      return new Map(links.map(({ fileId, path }) => [fileId, path]));
    },
  };
}
