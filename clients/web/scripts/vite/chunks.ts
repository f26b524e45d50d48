// What a first visit loads: which chunks there are, how large they may be, and the scripts before the modules.

import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import { minifySync, type IndexHtmlTransformContext, type Plugin } from "vite";

import { walk } from "./walk.ts";

/** The package's folder. */
const ROOT = join(import.meta.dirname, "../..");
/** What a first visit may load before it shows anything, compressed by gzip. */
const MAX_INITIAL_BYTES = 90_000;

/**
 * Every import of code that comes later passes through here. Browsers remember
 * that a file could not be had and never ask for it again under the same name.
 * (And Vite would look for styles and chunks to ask for beforehand; there are none.)
 */
const RETRYING_IMPORT = `
  let tries = 0;
  export const __vitePreload = (load) => load().catch((error) => {
    const [, path] = /import\\(\\W([^"'\\\`]+)/.exec(load) ?? [];
    if (!path) throw error;
    return import(/* @vite-ignore */ path + "?" + ++tries);
  });`;

export function retryImports(): Plugin {
  return {
    name: "retry-imports",
    apply: "build",
    enforce: "pre",
    load: (id) => (id.endsWith("vite/preload-helper.js") ? RETRYING_IMPORT : undefined),
  };
}

/** What each first visit asks for once the entry runs, before it shows anything. */
const FIRST_VISITS = {
  "sign-in": ["/ui/auth/LoginPage.tsx", "/ui/i18n/en.deferred.ts"],
  "a room": ["/ui/shell/SignedIn.tsx"],
} as const;

/** The scripts before the modules, and what belongs to them: a new one of them has a new address. */
export function earlyScripts(): Plugin {
  let folder = "";
  return {
    name: "early-scripts",
    apply: "build",
    configResolved: ({ root, build }) => void (folder = join(root, build.outDir)),
    closeBundle: () => EARLY.forEach((name) => writeFileSync(join(folder, name), earlyScript(name))),
    transformIndexHtml: {
      order: "post",
      handler: (html, { bundle = {} }) => {
        const [room] = FIRST_VISITS["a room"].map((it) => chunkWith(bundle, it)?.fileName);
        return html
          .replace(/src="\/(\w+\.js)"/g, (_, name: string) => {
            const hash = createHash("sha256").update(earlyScript(name));
            return `src="/${name}?${hash.digest("hex").slice(0, 8)}"`;
          })
          .replace('src="/early.js', `data-room="/${room}" $&`);
      },
    },
  };
}

const EARLY = ["beforePaint.js", "early.js"];
/** As browsers get them: what Vite copies it does not make smaller. */
const earlyScript = (name: string) => minifySync(name, readFileSync(join(ROOT, "public", name), "utf8"), { module: false }).code;

type Bundle = NonNullable<IndexHtmlTransformContext["bundle"]>;

function chunkWith(bundle: Bundle, module: string) {
  return Object.values(bundle).find((it) => it.type === "chunk" && it.moduleIds.some((id) => id.endsWith(module)));
}

/** Prints the size of what each first visit needs before it shows anything, and refuses too much of it. */
export function initialSize(): Plugin {
  return {
    name: "initial-size",
    apply: "build",
    writeBundle(_, bundle) {
      const entry = Object.values(bundle).find((it) => it.type === "chunk" && it.isEntry);
      const scripts = EARLY.map(earlyScript);
      for (const [visit, modules] of Object.entries(FIRST_VISITS)) {
        const first = [entry, ...modules.map((it) => chunkWith(bundle, it))].map((it) => it?.fileName ?? "");
        const needed = walk(first, (name) => (bundle[name]?.type === "chunk" ? bundle[name].imports : []));
        const code = [...needed].map((name) => {
          const chunk = bundle[name];
          if (chunk?.type !== "chunk") throw new Error(`${visit} needs what is not there: ${name}`);
          return chunk.code;
        });
        const bytes = [...scripts, ...code].reduce((sum, it) => sum + gzipSync(it, { level: 9 }).length, 0);
        console.log(`JavaScript before ${visit} shows: ${(bytes / 1000).toFixed(1)} kB gzip of ${MAX_INITIAL_BYTES / 1000} kB`);
        if (bytes > MAX_INITIAL_BYTES) throw new Error(`what ${visit} needs has grown too large`);
      }
    },
  };
}

/**
 * All that each first visit needs goes into one chunk, and all that a room needs
 * beside it into another: cut along the edges of what is loaded later, each
 * small piece would be packed without knowing the others.
 */
export function initialChunks() {
  let needed: { all: Set<string>; signIn: Set<string>; room: Set<string> } | undefined;
  const chunk = (name: string, has: (id: string, the: NonNullable<typeof needed>) => boolean) => (id: string, graph: ModuleGraph) => {
    const from = (isFirst: (info: ModuleInfo) => boolean) => reachable(graph, id, isFirst);
    needed ??= {
      all: from(({ isEntry }) => isEntry),
      signIn: from((it) => it.id.endsWith(FIRST_VISITS["sign-in"][0])),
      room: from((it) => it.id.endsWith(FIRST_VISITS["a room"][0])),
    };
    return has(id, needed) ? name : null;
  };
  return [
    { name: chunk("initial", (id, { all, signIn, room }) => all.has(id) || (signIn.has(id) && room.has(id))), priority: 2 },
    { name: chunk("room", (id, { room }) => room.has(id)), priority: 1 },
  ];
}

type ModuleInfo = Record<"importers" | "dynamicImporters" | "importedIds" | "dynamicallyImportedIds", readonly string[]> & { id: string; isEntry: boolean };
type ModuleGraph = { getModuleInfo(id: string): ModuleInfo | null };

/** From any module to the first one, and from there down along what is imported statically. */
function reachable(graph: ModuleGraph, id: string, isFirst: (info: ModuleInfo) => boolean): Set<string> {
  const info = (it: string) => graph.getModuleInfo(it);
  const around = (it: string) => {
    const { importers = [], dynamicImporters = [], importedIds = [], dynamicallyImportedIds = [] } = info(it) ?? {};
    return [...importers, ...dynamicImporters, ...importedIds, ...dynamicallyImportedIds];
  };
  const from = [...walk([id], around)].filter((it) => isFirst(info(it)!));
  return walk(from, (it) => info(it)?.importedIds ?? []);
}
