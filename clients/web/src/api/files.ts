// Uploading files in pieces, and links to them. Loaded when a file is first
// seen or sent.

import { createClient, type Transport } from "@connectrpc/connect";

import { FileService, FileVariant } from "../gen/causerie/v1/files_pb";
import type { Attachment } from "../domain/types";
import { randomId } from "../domain/random-id";
import { RetryPolicy, isRetryable, retryUntilDone } from "./retry-policy";
import { attachment, millis } from "./convert";
import { failureFrom, raise } from "./failures";
import { toFileName } from "./file-name";
import { sha256 } from "./sha256";

/** As much as the server takes in one call. */
const CHUNK_BYTES = 512 * 1024;
/** A piece may be under way for longer than other calls on a slow line. */
const CHUNK_TIMEOUT_MS = 120_000;
/** So often in a row a server that can be reached may refuse a piece. */
const TRIES = 7;

/** The file itself, or a smaller image of it. */
export type Variant = "whole" | "large" | "small";

const VARIANT: Record<Variant, FileVariant> = {
  whole: FileVariant.UNSPECIFIED,
  large: FileVariant.LARGE,
  small: FileVariant.SMALL,
};

export interface FileLink {
  readonly fileId: string;
  readonly path: string;
  readonly expiresAt: number;
}

/** A place is wrong when a piece has arrived and its answer has not. */
const mayGoOn: typeof isRetryable = (failure, signal) =>
  isRetryable(failure, signal) || (failure.reason === "UPLOAD_OFFSET" && !signal.aborted);

interface Piece {
  readonly uploadId: string;
  readonly at: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly signal: AbortSignal;
  readonly tries: RetryPolicy;
}

export type FilesApi = ReturnType<typeof filesApi>;

export function filesApi(transport: Transport) {
  const files = createClient(FileService, transport);

  /** Adds the bytes after `at`; returns how many the server has then. */
  async function put({ uploadId, at, bytes, signal, tries }: Piece): Promise<number> {
    const data = bytes.subarray(at, at + CHUNK_BYTES);
    try {
      const { upload } = await files.uploadChunk({ uploadId, offset: BigInt(at), data }, { signal, timeoutMs: CHUNK_TIMEOUT_MS });
      tries.reset();
      return Number(upload?.receivedBytes ?? at + data.length);
    } catch (error) {
      await tries.waitAfter(failureFrom(error), signal);
      // Whether they have arrived is not known: the server says where to go on.
      const { upload } = await retryUntilDone(() => files.getUploadStatus({ uploadId }, { signal }), signal);
      return Number(upload?.receivedBytes ?? 0);
    }
  }

  return {
    async upload(file: File, signal: AbortSignal, sent: (share: number) => void): Promise<Attachment> {
      try {
        const bytes = new Uint8Array(await file.arrayBuffer());
        const sum = await sha256(bytes);
        const name = toFileName(file.name);
        const size = BigInt(bytes.length);
        const request = { name, sizeBytes: size, idempotencyKey: randomId() };
        const { upload } = await retryUntilDone(() => files.startUpload(request, { signal }), signal);
        const uploadId = upload?.id ?? "";
        const cancel = () => void files.cancelUpload({ uploadId }).catch(() => undefined);
        signal.addEventListener("abort", cancel);
        const tries = new RetryPolicy(TRIES, mayGoOn);
        for (let at = 0; at < bytes.length; ) {
          at = await put({ uploadId, at, bytes, signal, tries });
          sent(at / bytes.length);
        }
        const finish = () => files.finishUpload({ uploadId, sha256: sum }, { signal, timeoutMs: CHUNK_TIMEOUT_MS });
        const { file: done } = await retryUntilDone(finish, signal);
        signal.removeEventListener("abort", cancel);
        if (!done) throw new Error("the answer carries no file");
        return attachment(done);
      } catch (error) {
        throw failureFrom(error);
      }
    },
    /** Paths at the API's origin, for at most a hundred files; they work for some minutes. */
    async links(fileIds: string[], variant: Variant): Promise<FileLink[]> {
      const { links } = await files.createDownloadLinks({ fileIds, variant: VARIANT[variant] }).catch(raise);
      return links.map(({ fileId, path, expiresAt }) => ({ fileId, path, expiresAt: millis(expiresAt) }));
    },
  };
}
