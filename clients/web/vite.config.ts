import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import type { Plugin } from "vite";
import solid from "vite-plugin-solid";
import { defineConfig } from "vitest/config";

// Where `npm run dev` and `npm run preview` find the server; built pages call
// the origin they came from.
const server = process.env.CAUSERIE_URL ?? "http://127.0.0.1:8080";
const proxy = { "^/causerie\\.v1\\.": { target: server }, "^/files/": { target: server } };

/** What a first visit may load before it shows anything, gzipped. */
const MOST_INITIAL_BYTES = 90_000;

/** The pages speak protobuf's binary form only; its JSON form is left out, and browsers know base64 themselves. */
function withoutJson(): Plugin {
  const STUBS: Record<string, string> = {
    "from-json": ["fromJson", "fromJsonString", "mergeFromJson", "mergeFromJsonString", "enumFromJson", "isEnumJson"]
      .map((name) => `export const ${name} = () => { throw new Error("no JSON here"); };`)
      .join("\n"),
    "to-json": ["toJson", "toJsonString", "enumToJson"]
      .map((name) => `export const ${name} = () => { throw new Error("no JSON here"); };`)
      .join("\n"),
    "wire/base64-encoding": `
      export const base64Decode = (text) =>
        Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (it) => it.charCodeAt(0));
      export const base64Encode = (bytes) => btoa(String.fromCharCode(...bytes));`,
    // Defaults are proto2's. Only descriptor.proto itself has some: truth values and names.
    "wire/text-format": `
      export const parseTextFormatEnumValue = (type, name) => type.values.find((it) => it.name === name).number;
      export const parseTextFormatScalarValue = (_, text) => text === "true";`,
  };
  return {
    name: "without-json",
    apply: "build",
    load(id) {
      const found = /@bufbuild\/protobuf\/dist\/esm\/(from-json|to-json|wire\/base64-encoding|wire\/text-format)\.js$/.exec(id);
      return found ? STUBS[found[1] ?? ""] : undefined;
    },
  };
}

/**
 * Generated code carries its descriptors in base64, in which gzip finds nothing
 * that repeats. As plain text they are half as large on the way.
 */
function plainDescriptors(): Plugin {
  return {
    name: "plain-descriptors",
    apply: "build",
    transform(code, id) {
      if (!/\/gen\/.*_pb\.ts$/.test(id)) return undefined;
      return code.replace(/fileDesc\("([A-Za-z0-9+/=]+)"/g, (_, base64: string) => {
        const bytes = Buffer.from(base64, "base64").toString("latin1");
        return `fileDesc(btoa(${JSON.stringify(bytes)})`;
      });
    },
  };
}

/** The scripts before the modules belong to them: a new one of them has a new address. */
function versionedScripts(): Plugin {
  return {
    name: "versioned-scripts",
    apply: "build",
    transformIndexHtml: (html) =>
      html.replace(/src="\/(\w+\.js)"/g, (_, name: string) => {
        const hash = createHash("sha256").update(readFileSync(join(import.meta.dirname, "public", name)));
        return `src="/${name}?${hash.digest("hex").slice(0, 8)}"`;
      }),
  };
}

/** Prints the size of what the entry needs, and refuses too much of it. */
function initialSize(): Plugin {
  return {
    name: "initial-size",
    apply: "build",
    writeBundle(_, bundle) {
      const entry = Object.values(bundle).find((it) => it.type === "chunk" && it.isEntry);
      const needed = new Set<string>();
      const visit = (name: string | undefined) => {
        const chunk = name === undefined ? undefined : bundle[name];
        if (chunk?.type !== "chunk" || needed.has(chunk.fileName)) return;
        needed.add(chunk.fileName);
        chunk.imports.forEach(visit);
      };
      visit(entry?.fileName);
      const code = [...needed].map((name) => bundle[name]).map((it) => (it?.type === "chunk" ? it.code : ""));
      const bytes = code.reduce((sum, it) => sum + gzipSync(it, { level: 9 }).length, 0);
      console.log(`initial JavaScript: ${(bytes / 1000).toFixed(1)} kB gzip of ${MOST_INITIAL_BYTES / 1000} kB`);
      if (bytes > MOST_INITIAL_BYTES) throw new Error("the initial JavaScript has grown too large");
    },
  };
}

/**
 * All that the entry needs goes into one chunk: cut along the edges of what is
 * loaded later, each small piece would be packed without knowing the others.
 */
function initialChunk() {
  let needed: Set<string> | undefined;
  return (id: string, graph: ModuleGraph): string | null => {
    needed ??= reachable(id, graph);
    return needed.has(id) ? "initial" : null;
  };
}

type ModuleInfo = Record<"importers" | "dynamicImporters" | "importedIds", readonly string[]> & { isEntry: boolean };
type ModuleGraph = { getModuleInfo(id: string): ModuleInfo | null };

/** From any module up to the entry, and from there down along what is imported statically. */
function reachable(id: string, graph: ModuleGraph): Set<string> {
  const info = (it: string) => graph.getModuleInfo(it);
  const entry = [...walk([id], (it) => [...(info(it)?.importers ?? []), ...(info(it)?.dynamicImporters ?? [])])].find((it) => info(it)?.isEntry);
  return entry === undefined ? new Set() : walk([entry], (it) => info(it)?.importedIds ?? []);
}

function walk(from: string[], next: (id: string) => readonly string[]): Set<string> {
  const seen = new Set(from);
  // A set takes in what is added while it is gone through.
  for (const id of seen) for (const other of next(id)) seen.add(other);
  return seen;
}

export default defineConfig({
  plugins: [solid(), plainDescriptors(), withoutJson(), versionedScripts(), initialSize()],
  server: { proxy },
  preview: { proxy },
  build: {
    // Nothing is inlined, so that the pages do under a policy without data: scripts.
    assetsInlineLimit: 0,
    // What comes later comes before it is wanted, as a whole: no list of what needs what has to be there first.
    modulePreload: false,
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: initialChunk() }] } } },
  },
  test: { include: ["tests/**/*.test.ts"], environment: "node" },
});
