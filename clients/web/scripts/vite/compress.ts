// Compresses what is built, so that the server need not.

import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

import type { Plugin } from "vite";

/** Beside each file that becomes smaller, what the server sends of it (src/web/encoding.rs knows the endings). */
export function compressed(): Plugin {
  const TEXTS = /\.(js|css|html|svg|json|webmanifest|txt)$/;
  const brotli = (bytes: Buffer) =>
    brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } });
  let folder = "";
  return {
    name: "compressed",
    apply: "build",
    configResolved: ({ root, build }) => void (folder = join(root, build.outDir)),
    // Later than what is copied as it is.
    closeBundle() {
      for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile() || !TEXTS.test(entry.name)) continue;
        const path = join(entry.parentPath, entry.name);
        const bytes = readFileSync(path);
        for (const [ending, small] of [[".gz", gzipSync(bytes, { level: 9 })], [".br", brotli(bytes)]] as const) {
          if (small.length < bytes.length) writeFileSync(path + ending, small);
        }
      }
    },
  };
}
