// The architecture: layers, import cycles, sizes, names, catalogues.

import { readFileSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";

import { describe, expect, test } from "vitest";

import { ar } from "../src/ui/i18n/ar";
import { de } from "../src/ui/i18n/de";
import { en as first } from "../src/ui/i18n/en";
import { deferred } from "../src/ui/i18n/en.deferred";
import { es } from "../src/ui/i18n/es";
import { fr } from "../src/ui/i18n/fr";
import { zh } from "../src/ui/i18n/zh";

const en = { ...first, ...deferred };
const SRC = join(import.meta.dirname, "../src");
const files = walk(SRC).filter((file) => /\.tsx?$/.test(file) && !file.includes("/gen/"));

function walk(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? walk(path) : [path];
  });
}

/** What is loaded with a file: all that it imports, not what it fetches later. */
function loadedWith(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  for (const [, from] of readFileSync(file, "utf8").matchAll(/^(?:import|export) (?!type )[^;]*?from "(\.[^"]+)"/gm)) {
    const path = resolve(dirname(file), from ?? "");
    const found = files.find((it) => [`${path}.ts`, `${path}.tsx`, `${path}/index.ts`].includes(it));
    if (found) loadedWith(found, seen);
  }
  return seen;
}

/** All that the server refuses. */
const ERRORS = join(import.meta.dirname, "../../../src/api/snapshots/causerie__api__status__tests__the_table_of_errors.snap");

/** What each layer may use: itself and those below it. */
const MAY: Record<string, readonly string[]> = {
  app: ["app", "ui", "stores", "sync", "api"],
  ui: ["ui", "stores"],
  stores: ["stores", "sync", "gen/emoji.json"],
  sync: ["sync", "api"],
  api: ["api", "gen"],
  domain: ["domain"],
};

/** Of these a layer may use types alone. */
const TYPES_ONLY: Record<string, readonly string[]> = { ui: ["sync"], stores: ["api"] };

/** What makes calls of its own, as only signing in needs them. */
const ASSEMBLY = ["stores/session/sign-in.ts"];

describe("layers", () => {
  for (const file of files) {
    const path = relative(SRC, file);
    const layer = path.split("/")[0] ?? "";
    if (!MAY[layer]) continue;
    test(path, () => {
      const source = readFileSync(file, "utf8");
      for (const [, type, from, late] of source.matchAll(/(?:^(?:import|export) (type )?[^;]*?from "(\.[^"]+)")|import\("(\.[^"]+)"\)/gm)) {
        const used = relative(SRC, resolve(dirname(file), from ?? late ?? ""));
        const to = used.split("/")[0] ?? "";
        if (["domain", "routes.txt?raw"].includes(to)) continue;
        const may = [...MAY[layer]!, ...(type || ASSEMBLY.includes(path) ? (TYPES_ONLY[layer] ?? []) : [])];
        expect(may.some((it) => it === to || used === it), `${path} uses ${used}`).toBe(true);
      }
      if (path !== "ui/shared/lazy.tsx") expect(source, "lazy components come by ui/shared/lazy.tsx").not.toMatch(/\blazy\b[^;]*from "solid-js"/);
      if (layer === "sync" || path === "stores/model/apply.ts") expect(source).not.toContain("solid-js");
      expect(source).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(/);
    });
  }
});

/** Modules that a module needs in order to run: types alone are no reason to load one. */
function valueImports(file: string): string[] {
  const source = readFileSync(file, "utf8");
  return [...source.matchAll(/^(?:import|export) (?!type )(?:([^;"]*?) from )?"(\.[^"]+)"/gm)].flatMap(([, names = "", from = ""]) => {
    const list = /^\{([^}]*)\}$/.exec(names.trim())?.[1]?.split(",").map((it) => it.trim()).filter(Boolean);
    if (list?.length && list.every((it) => it.startsWith("type "))) return [];
    const path = resolve(dirname(file), from);
    return files.filter((it) => [`${path}.ts`, `${path}.tsx`, `${path}/index.ts`].includes(it));
  });
}

test("no modules need each other in a circle", () => {
  const graph = new Map(files.map((file) => [file, valueImports(file)]));
  expect([...graph.values()].flat().length).toBeGreaterThan(500);
  expect(cycles(graph).map((cycle) => cycle.map((file) => relative(SRC, file)).sort())).toEqual([]);
  expect(cycles(new Map([["a", ["b"]], ["b", ["c"]], ["c", ["b"]]]))).toEqual([["c", "b"]]);
});

/** The strongly connected components that have more than one node (Tarjan). */
function cycles(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const found: string[][] = [];
  function visit(node: string): number {
    const own = index.size;
    index.set(node, own);
    low.set(node, own);
    stack.push(node);
    for (const next of graph.get(node) ?? []) {
      if (!index.has(next)) low.set(node, Math.min(low.get(node)!, visit(next)));
      else if (stack.includes(next)) low.set(node, Math.min(low.get(node)!, index.get(next)!));
    }
    if (low.get(node) === own) {
      const component = stack.splice(stack.indexOf(node)).reverse();
      if (component.length > 1) found.push(component);
    }
    return low.get(node)!;
  }
  for (const node of graph.keys()) if (!index.has(node)) visit(node);
  return found;
}

test("no source file is longer than 450 lines", () => {
  const own = [...files, ...walk(join(SRC, "ui/styles")), ...["../tests", "../e2e", "../scripts"].flatMap((folder) => walk(join(SRC, folder)))];
  // Catalogues are lists.
  const sources = own.filter((file) => /\.(?:tsx?|css|mjs)$/.test(file) && !/\/i18n\/(?:en|de|fr|es|zh|ar)\./.test(file));
  expect(sources.filter((file) => readFileSync(file, "utf8").split("\n").length > 450).map((file) => relative(SRC, file))).toEqual([]);
});

describe("names that have been replaced stay away", () => {
  const { web: retired } = JSON.parse(readFileSync(join(import.meta.dirname, "../../../tests/retired-names.json"), "utf8")) as {
    web: Record<"files" | "items" | "classes" | "keys", string[]>;
  };
  const sources = ["../src", "../e2e", "../tests", "../scripts"].flatMap((folder) => walk(join(import.meta.dirname, folder))).filter((file) => !/\/(?:gen|shots)\//.test(file));
  const code = sources.filter((file) => /\.tsx?$/.test(file));
  const returned = (names: Iterable<string>, list: readonly string[]) => [...new Set(names)].filter((name) => list.includes(name));

  test("files", () => {
    const names = sources.map((file) => basename(file).replace(/(?:\.(?:e2e|test|measure))?\.\w+$/, ""));
    expect(names).toContain("tab-sync");
    expect(returned(names, retired.files)).toEqual([]);
  });

  test("exported items", () => {
    const declared = /^export (?:default )?(?:async )?(?:const|let|function\*?|class|interface|type|enum) (\w+)/gm;
    const listed = /^export (?:const [[{]([^\]}]*)[\]}]|(?:type )?\{([^}]*)\})/gm;
    const names = code.flatMap((file) => {
      const source = readFileSync(file, "utf8");
      const lists = [...source.matchAll(listed)].flatMap(([, destructured, named]) => (destructured ?? named ?? "").split(","));
      return [...[...source.matchAll(declared)].map(([, name]) => name ?? ""), ...lists.map((it) => /(\w+)\s*$/.exec(it)?.[1] ?? "")];
    });
    expect(names).toEqual(expect.arrayContaining(["TabSync", "prefs", "Key", "setVisit"]));
    expect(returned(names, retired.items)).toEqual([]);
  });

  test("CSS classes", () => {
    const sheets = sources.filter((file) => file.endsWith(".css")).map((file) => readFileSync(file, "utf8").replace(/\/\*[^]*?\*\//g, ""));
    const styled = sheets.flatMap((sheet) => [...sheet.matchAll(/([^{};]*)\{/g)].flatMap(([, selector]) => [...selector!.matchAll(/\.([a-zA-Z][\w-]*)/g)].map(([, name]) => name!)));
    const used = code
      .filter((file) => file.startsWith(SRC))
      .flatMap((file) => [...readFileSync(file, "utf8").matchAll(/\bclass=\{?["`]([^"`]*)["`]/g)])
      .flatMap(([, list]) => list!.split(/\s+/));
    const toggled = code.flatMap((file) => [...readFileSync(file, "utf8").matchAll(/classList=\{\{([^]*?)\}\}/g)]).flatMap(([, list]) => [...list!.matchAll(/([\w-]+)"?:/g)].map(([, name]) => name!));
    expect([...styled, ...used, ...toggled]).toEqual(expect.arrayContaining(["bubble", "card", "is-unread", "panel-over"]));
    expect(returned([...styled, ...used, ...toggled], retired.classes)).toEqual([]);
  });

  test("keys of texts", () => {
    expect(returned(Object.keys(en), retired.keys)).toEqual([]);
  });
});

test("every call of the API is made, but for those that browsers have no use for", () => {
  const ELSE = {
    chat: "browsers cannot stream both ways",
    getFile: "messages and links say all that is shown",
    listUploads: "a page that has gone cannot go on with its uploads: it has no more of the files than their names",
    downloadFile: "browsers download by links",
    listThreads: "no page lists threads yet",
  };
  const protos = join(import.meta.dirname, "../../../proto/causerie/v1");
  const named = readdirSync(protos).flatMap((file) => [...readFileSync(join(protos, file), "utf8").matchAll(/^  rpc (\w+)/gm)].map(([, name]) => name ?? ""));
  const source = files.filter((file) => file.includes("/api/")).map((file) => readFileSync(file, "utf8")).join("\n");
  const missing = named.map((name) => name.charAt(0).toLowerCase() + name.slice(1)).filter((name) => !source.includes(`.${name}(`));
  expect(missing.sort()).toEqual(Object.keys(ELSE).sort());
});

test("a component stays under about 150 lines", () => {
  const long = files.filter((file) => file.endsWith(".tsx")).filter((file) => readFileSync(file, "utf8").split("\n").length > 165);
  expect(long.map((file) => relative(SRC, file))).toEqual([]);
});

describe("catalogues", () => {
  test("every text is used, or is what the server says", () => {
    const source = files.filter((file) => !/\/i18n\/(?:en|de|fr|es|zh|ar)\./.test(file)).map((file) => readFileSync(file, "utf8")).join("\n");
    const protos = join(import.meta.dirname, "../../../proto/causerie/v1");
    const reasons = [...readdirSync(protos).map((file) => join(protos, file)), ERRORS].map((file) => readFileSync(file, "utf8")).join("\n");
    // A reason, or the field that a request has wrong.
    const said = (key: string) => /^(?:INVALID_)?([A-Z_]+|[a-z_]+)$/.exec(key)?.[1] ?? "";
    const isSaid = (key: string) => /^[A-Z]{2}/.test(key) && new RegExp(`\\b(${key}|${said(key)})\\b`).test(reasons);
    const used = (key: string) => source.includes(`"${key}"`) || isSaid(key);
    expect(Object.keys(en).filter((key) => !used(key))).toEqual([]);
  });
  for (const [language, texts] of Object.entries({ de, fr, es, zh, ar })) {
    test(language, () => {
      expect(Object.keys(texts).sort()).toEqual(Object.keys(en).sort());
      const forms = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
      for (const [key, own] of Object.entries(texts)) {
        const english = en[key as keyof typeof en];
        expect(typeof own, key).toBe(typeof english);
        const places = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).filter((name) => name !== "count").sort();
        const all = typeof own === "string" ? [own] : Object.values(own as Record<string, string>);
        const model = typeof english === "string" ? english : (english as { other: string }).other;
        for (const text of all) expect(places(text), `${language} ${key}`).toEqual(places(model));
        if (typeof own !== "string") for (const form of forms) expect(Object.keys(own), `${language} ${key}`).toContain(form === "many" && language !== "ar" ? "other" : form);
      }
    });
  }
});

test("in French a sign is never parted from what it belongs to", () => {
  const parted = Object.entries(fr).filter(([, text]) => Object.values(typeof text === "string" ? [text] : text).some((it) => / [:;?!»]|« /.test(it)));
  expect(parted.map(([key]) => key)).toEqual([]);
});

describe("what the server refuses", () => {
  /** Those of which no text tells a user, and why. */
  const ELSE: Record<string, string> = {
    INVALID_FIELDS: "each field has a text of its own",
    TOKEN_MISSING: "signing in again is all that helps",
    TOKEN_INVALID: "signing in again is all that helps",
    TOKEN_EXPIRED: "the token is renewed",
    SESSION_REVOKED: "signing in again is all that helps",
    CONNECTION_NOT_FOUND: "the stream comes anew",
    CLIENT_MESSAGE_ID_REUSED: "each message has an id of its own",
    DIRECT_ROOM: "not offered there",
    SYSTEM_MESSAGE: "not offered there",
    THREAD_IN_THREAD: "not offered there",
    UPLOAD_OFFSET: "the upload goes on where the server says it is",
    SLOW_READER: "the stream comes anew",
    SUBSCRIBE_TIMEOUT: "the stream comes anew",
    DATABASE_IN_USE: "the server cannot be reached",
    SCHEMA_TOO_NEW: "the server cannot be reached",
    DEADLINE_EXCEEDED: "the call is made again, or the server cannot be reached",
    FRAMEWORK_ERROR: "no fault of a user",
    HEADERS_TOO_LARGE: "no fault of a user",
    MALFORMED_MESSAGE: "no fault of a user",
    MESSAGE_TOO_LARGE: "no fault of a user",
    REQUESTS_UNFINISHED: "the stream comes anew",
    REQUEST_TIMEOUT: "the call is made again, or the server cannot be reached",
    RESPONSES_UNREAD: "the stream comes anew",
    UNKNOWN_METHOD: "no fault of a user",
    UNSUPPORTED_COMPRESSION: "no fault of a user",
    UNSUPPORTED_PROTOCOL: "no fault of a user",
    INTERNAL: "nobody knows what it was",
  };

  test("every reason has a text, or a reason to have none", () => {
    const table = readFileSync(ERRORS, "utf8");
    const reasons = [...table.matchAll(/^\w+ ([A-Z_]+)(?: \(.*?\))?: /gm)].map(([, reason]) => reason ?? "");
    expect(reasons.length).toBeGreaterThan(50);
    expect([...new Set(reasons)].filter((reason) => !(reason in en)).sort()).toEqual(Object.keys(ELSE).sort());
  });

  test("every field of a form says its rule", () => {
    const fields = files.flatMap((file) => [...readFileSync(file, "utf8").matchAll(/\.fieldError\("(\w+)"\)/g)].map(([, field]) => field ?? ""));
    expect(fields.length).toBeGreaterThan(8);
    expect(fields.filter((field) => !(`INVALID_${field}` in en))).toEqual([]);
  });
});

test("whatever shows an icon that is loaded late asks for it", () => {
  const names = [...readFileSync(join(SRC, "ui/shared/deferred-icons.ts"), "utf8").matchAll(/^ {2}(\w+): "M/gm)].map(([, name]) => name);
  expect(names).toContain("trash");
  const shown = new RegExp(`(?:icon|Icon|name=|action\\().*"(?:${names.join("|")})"`);
  const without = files.filter((file) => {
    const source = readFileSync(file, "utf8");
    return shown.test(source) && !/^import ".*\/deferred-icons";$/m.test(source);
  });
  expect(without.map((file) => relative(SRC, file))).toEqual([]);
});

test("what is loaded first says nothing that is loaded late", () => {
  // A room waits for no more texts than come with it.
  const first = ["app/main.tsx", "ui/shell/SignedIn.tsx"].flatMap((it) => [...loadedWith(join(SRC, it))]).filter((file) => !file.includes("/i18n/"));
  expect(first.length).toBeGreaterThan(50);
  const source = first.map((file) => readFileSync(file, "utf8")).join("\n");
  // Of what the server refuses, only what other texts stand in for until it comes.
  const said = Object.keys(deferred).filter((key) => !/^[A-Z]/.test(key) && new RegExp(`["'\`]${key}["'\`]`).test(source));
  expect(said).toEqual([]);
});
