// What the API's edge computes itself.

import { createHash } from "node:crypto";

import { Code, ConnectError, createRouterTransport } from "@connectrpc/connect";
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";

import { isRetryable, retryUntilDone } from "../src/api/retry-policy";
import { filesApi } from "../src/api/files";
import { clearIdempotencyKeys, withKey, withKeyOnce } from "../src/api/idempotency";
import { toFileName } from "../src/api/file-name";
import { deferred, deferCalls } from "../src/api/deferred-calls";
import { computed } from "../src/api/sha256";
import { Failure } from "../src/domain/failure";
import { FileService } from "../src/gen/causerie/v1/files_pb";
import { RetryInfoSchema } from "../src/gen/google/rpc/error_details_pb";

test("the checksum of any bytes is that of everybody else", () => {
  const expected = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
  const own = (bytes: Uint8Array) => Buffer.from(computed(bytes)).toString("hex");
  for (const length of [0, 1, 55, 56, 63, 64, 65, 119, 120, 1_000]) {
    const bytes = new Uint8Array(length).fill(length);
    expect(own(bytes), `${length} bytes`).toBe(expected(bytes));
  }
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => own(bytes) === expected(bytes)));
});

test("a file's name is one that the server takes", () => {
  expect(toFileName("\u200eIMG 1.jpg")).toBe("IMG 1.jpg");
  expect(toFileName("a/b\\c\n.txt")).toBe("a_b_c.txt");
  expect(toFileName("ليلى 👩‍👧.png")).toBe("ليلى 👩‍👧.png");
  expect([...toFileName("😀".repeat(300))]).toHaveLength(255);
  expect(toFileName("❤\ufe0f\u3164.png")).toBe("❤\ufe0f.png");
  for (const nothing of ["\u202e ", "\uffa0", "\ufe0f \u200d", "\u034f"]) expect(toFileName(nothing)).toBe("file");
});

test("calls whose code cannot be had fail as those that do not reach the server", async () => {
  const load = deferred<{ call: () => Promise<string> }>(() => Promise.reject(new TypeError("Failed to fetch dynamically imported module")));
  await expect(deferCalls(load, { call: true }).call()).rejects.toMatchObject({ name: "Failure", code: "unavailable" });
});

describe("calls that are worth waiting for", () => {
  const open = () => new AbortController().signal;
  const failure = (code: ConstructorParameters<typeof Failure>[0], retryAfterMs?: number) => new Failure(code, "", "", [], retryAfterMs);

  test("what may pass is tried again, what is final is not", () => {
    expect(isRetryable(failure("unavailable"), open())).toBe(true);
    expect(isRetryable(failure("deadline"), open())).toBe(true);
    expect(isRetryable(failure("exhausted", 5), open())).toBe(true);
    expect(isRetryable(failure("exhausted"), open())).toBe(false);
    expect(isRetryable(failure("final"), open())).toBe(false);
    expect(isRetryable(failure("unavailable"), AbortSignal.abort())).toBe(false);
  });

  test("a call is made until it goes well", async () => {
    globalThis.addEventListener ??= () => undefined;
    globalThis.removeEventListener ??= () => undefined;
    let calls = 0;
    const call = () => (++calls < 3 ? Promise.reject(failure("exhausted", 1)) : Promise.resolve("done"));
    expect(await retryUntilDone(call, open())).toBe("done");
    expect(calls).toBe(3);
    await expect(retryUntilDone(() => Promise.reject(failure("final")), open())).rejects.toMatchObject({ code: "final" });
  });

  test("a server that refuses a piece of a file is asked again when it says, and not for ever", async () => {
    let pieces = 0;
    let refused = 3;
    const soon = { desc: RetryInfoSchema, value: { retryDelay: { nanos: 1_000_000 } } };
    const transport = createRouterTransport(({ service }) =>
      service(FileService, {
        startUpload: () => ({ upload: { id: "u" } }),
        uploadChunk: ({ data }) => {
          pieces += 1;
          if (refused-- > 0) throw new ConnectError("not now", Code.ResourceExhausted, undefined, [soon]);
          return { upload: { id: "u", receivedBytes: BigInt(data.length) } };
        },
        getUploadStatus: () => ({ upload: { id: "u" } }),
        finishUpload: () => ({ file: { id: "u" } }),
      }),
    );
    const upload = () => filesApi(transport).upload(new File(["text"], "a.txt"), open(), () => undefined);
    expect((await upload()).id).toBe("u");
    expect(pieces).toBe(4);
    [pieces, refused] = [0, Infinity];
    await expect(upload()).rejects.toMatchObject({ code: "exhausted" });
    expect(pieces).toBe(8);
  });

  test("a call that is not answered is made again with the same key, and another with another", async () => {
    const keys: string[] = [];
    const call = (asked: string, answer: () => Promise<string>) => withKey([asked], (key) => (keys.push(key), answer()));
    const well = () => Promise.resolve("made");
    // A double click.
    await Promise.all([call("a", well), call("a", well)]);
    await call("a", well);
    for (const code of ["unavailable", "deadline", "internal"] as const) await expect(call("b", () => Promise.reject(failure(code)))).rejects.toThrow();
    await call("b", well);
    await expect(call("c", () => Promise.reject(failure("final")))).rejects.toThrow();
    await call("c", well);
    const ofThe = (at: number[]) => new Set(at.map((it) => keys[it])).size;
    expect([ofThe([0, 1]), ofThe([3, 4, 5, 6]), ofThe([7, 8])]).toEqual([1, 1, 2]);
    expect(new Set(keys).size).toBe(5);
  });

  test("what had no answer is forgotten after ten minutes, and when somebody signs out", async () => {
    vi.useFakeTimers();
    try {
      const keys: string[] = [];
      const call = () => withKey(["a password"], (key) => (keys.push(key), Promise.reject(failure("unavailable"))));
      const again = () => expect(call()).rejects.toThrow();
      await again();
      vi.advanceTimersByTime(9 * 60_000);
      await again();
      vi.advanceTimersByTime(10 * 60_000 - 1);
      await again();
      expect(new Set(keys).size).toBe(1);
      vi.advanceTimersByTime(10 * 60_000);
      await again();
      expect(new Set(keys).size).toBe(2);
      clearIdempotencyKeys();
      await again();
      expect(new Set(keys).size).toBe(3);
      clearIdempotencyKeys();
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  test("what others may undo is asked for anew after each failure", async () => {
    const keys: string[] = [];
    const call = (answer: () => Promise<string>) => withKeyOnce(["ban"], (key) => (keys.push(key), answer()));
    await Promise.all([call(async () => "done"), call(async () => "done")]);
    await expect(call(() => Promise.reject(failure("unavailable")))).rejects.toThrow();
    await call(async () => "done");
    expect(keys[0]).toBe(keys[1]);
    expect(new Set(keys).size).toBe(3);
  });

  test("an upload is begun with one key, however often it is asked for", async () => {
    const keys: string[] = [];
    const transport = createRouterTransport(({ service }) =>
      service(FileService, {
        startUpload: ({ idempotencyKey }) => {
          keys.push(idempotencyKey);
          if (keys.length < 3) throw new ConnectError("away", Code.Unavailable);
          return { upload: { id: "u" } };
        },
        uploadChunk: ({ data }) => ({ upload: { id: "u", receivedBytes: BigInt(data.length) } }),
        finishUpload: () => ({ file: { id: "u" } }),
      }),
    );
    await filesApi(transport).upload(new File(["text"], "a.txt"), open(), () => undefined);
    expect(keys).toEqual([keys[0], keys[0], keys[0]]);
    expect(keys[0]).toMatch(/^[0-9a-f]{32}$/);
  });

  test("whoever gives up waits no longer", async () => {
    const control = new AbortController();
    const call = () => (queueMicrotask(() => control.abort()), Promise.reject(failure("unavailable", 3_600_000)));
    await expect(retryUntilDone(call, control.signal)).rejects.toMatchObject({ code: "unavailable" });
  });
});
