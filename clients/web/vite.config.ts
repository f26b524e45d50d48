import { createHash } from "node:crypto";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

import { fromBinary, isFieldSet, toBinary } from "@bufbuild/protobuf";
import { FieldDescriptorProtoSchema, FileDescriptorProtoSchema, type DescriptorProto, type EnumDescriptorProto, type FieldDescriptorProto } from "@bufbuild/protobuf/wkt";
import { minifySync, type IndexHtmlTransformContext, type Plugin } from "vite";
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
    // Browsers that run these pages have integers of 64 bits.
    "proto-int64": `
      const view = new DataView(new ArrayBuffer(8));
      const within = (least, most) => (value) => {
        const it = BigInt(value);
        if (it < least || it > most) throw new Error("invalid integer: " + value);
        return it;
      };
      const parse = within(-(2n ** 63n), 2n ** 63n - 1n);
      const uParse = within(0n, 2n ** 64n - 1n);
      const halves = (value) => (view.setBigInt64(0, value, true), { lo: view.getInt32(0, true), hi: view.getInt32(4, true) });
      const join = (lo, hi) => (view.setInt32(0, lo, true), view.setInt32(4, hi, true));
      export const protoInt64 = {
        zero: 0n,
        supported: true,
        parse,
        uParse,
        enc: (value) => halves(parse(value)),
        uEnc: (value) => halves(uParse(value)),
        dec: (lo, hi) => (join(lo, hi), view.getBigInt64(0, true)),
        uDec: (lo, hi) => (join(lo, hi), view.getBigUint64(0, true)),
      };`,
    // Nothing here sets fields by reflection: what is read is not checked, what is written is, by its writer.
    "reflect/reflect-check": ["checkField", "checkListItem", "checkMapEntry", "formatVal"].map((name) => `export const ${name} = () => undefined;`).join("\n"),
    // Defaults are proto2's. Only descriptor.proto itself has some: truth values and names.
    "wire/text-format": `
      export const parseTextFormatEnumValue = (type, name) => type.values.find((it) => it.name === name).number;
      export const parseTextFormatScalarValue = (_, text) => text === "true";`,
  };
  return {
    name: "without-json",
    apply: "build",
    load(id) {
      const found = /@bufbuild\/protobuf\/dist\/esm\/(from-json|to-json|wire\/base64-encoding|wire\/text-format|proto-int64|reflect\/reflect-check)\.js$/.exec(id);
      return found ? STUBS[found[1] ?? ""] : undefined;
    },
  };
}

/**
 * Browsers can stream in one direction only, from the server, and each that can run these pages has what streams need:
 * the client is made without what would stream in the other direction, and without stand-ins for what is there.
 */
const CLIENT = `
  import { makeAnyClient } from "./any-client.js";
  import { createAsyncIterable } from "./protocol/async-iterable.js";
  const call = (to, method, input, { signal, timeoutMs, headers, contextValues } = {}) =>
    to.call(undefined, method, signal, timeoutMs, headers, input, contextValues);
  export const createClient = (service, transport) =>
    makeAnyClient(service, (method) => {
      if (method.methodKind === "unary") return async (input, options) => (await call(transport.unary, method, input, options)).message;
      if (method.methodKind !== "server_streaming") return null;
      return (input, options) => {
        const all = (async function* () {
          yield* (await call(transport.stream, method, createAsyncIterable([input]), options)).message;
        })();
        return { [Symbol.asyncIterator]: () => ({ next: () => all.next() }) };
      };
    });`;

function smallClient(): Plugin {
  return {
    name: "small-client",
    apply: "build",
    load(id) {
      if (id.endsWith("@connectrpc/connect/dist/esm/promise-client.js")) return CLIENT;
      if (id.endsWith("@connectrpc/connect-web/dist/esm/assert-fetch-api.js")) return "export const assertFetchApi = () => undefined;";
      return undefined;
    },
  };
}

/**
 * protobuf's own descriptor, cut down to what descriptors of messages and services are read with: of the options only
 * what changes how messages are read, and nothing of source code. Other fields are skipped as unknown ones.
 */
function smallDescriptor(): Plugin {
  const OPTIONS = new Set(["features", "packed", "deprecated", "message_set_wire_format", "map_entry", "allow_alias", "idempotency_level"]);
  const WITHOUT_REST = new Set(["FileOptions", "MessageOptions", "FieldOptions", "OneofOptions", "EnumOptions", "EnumValueOptions", "ServiceOptions", "MethodOptions"]);
  const UNUSED = new Set(["UninterpretedOption", "SourceCodeInfo", "GeneratedCodeInfo"]);
  interface Message {
    name: string;
    field: { name: string; options?: unknown }[];
    nestedType?: unknown[];
    enumType?: unknown[];
  }
  return {
    name: "small-descriptor",
    apply: "build",
    transform(code, id) {
      if (!id.endsWith("@bufbuild/protobuf/dist/esm/wkt/gen/google/protobuf/descriptor_pb.js")) return undefined;
      return code.replace(/boot\((\{.*\})\);/, (_, json: string) => {
        const file = JSON.parse(json) as { messageType: Message[] };
        for (const message of file.messageType) {
          if (WITHOUT_REST.has(message.name)) message.field = message.field.filter((it) => OPTIONS.has(it.name));
          if (message.name === "FileDescriptorProto") message.field = message.field.filter((it) => it.name !== "source_code_info");
          if (UNUSED.has(message.name)) message.field = [];
          if (UNUSED.has(message.name) || message.name === "FieldOptions") delete message.nestedType;
          if (message.name === "FieldOptions" || message.name === "FileOptions") delete message.enumType;
          if (message.name === "FeatureSet") message.field.forEach((it) => delete it.options);
        }
        return `boot(${JSON.stringify(file)});`;
      });
    },
  };
}

/** Enumerations of protobuf's library go where nobody uses them: as they are compiled, they seem to change what is around them. */
function unusedEnums(): Plugin {
  return {
    name: "unused-enums",
    apply: "build",
    transform(code, id) {
      if (!/@(bufbuild|connectrpc)\/.*\/dist\/esm\/.*\.js$/.test(id)) return undefined;
      return code.replace(
        /^export var (\w+);\n\(function \(\1\) \{$([^]*?)^\}\)\(\1 \|\| \(\1 = \{\}\)\);$/gm,
        "export var $1 = /* @__PURE__ */ (function ($1) {$2return $1;\n})({});",
      );
    },
  };
}

/**
 * Generated code carries its descriptors in base64, in which gzip finds nothing
 * that repeats. As plain text they are half as large on the way. What is
 * in them that nothing here reads is left out.
 */
function plainDescriptors(): Plugin {
  return {
    name: "plain-descriptors",
    apply: "build",
    transform(code, id) {
      if (!/\/gen\/.*_pb\.ts$/.test(id)) return undefined;
      return code.replace(/fileDesc\("([A-Za-z0-9+/=]+)"/g, (_, base64: string) => {
        const bytes = Buffer.from(trimDescriptor(Buffer.from(base64, "base64"))).toString("latin1");
        return `fileDesc(btoa(${JSON.stringify(bytes)})`;
      });
    },
  };
}

/**
 * A file's descriptor without the fields of messages that only streams in both
 * directions have, and without names of enums' values: those are for JSON. Options
 * of files are for other languages, and what is reserved for who writes protos.
 */
function trimDescriptor(bytes: Uint8Array): Uint8Array {
  const file = fromBinary(FileDescriptorProtoSchema, bytes);
  const named = new Map(file.messageType.map((it) => [`.${file.package}.${it.name}`, it]));
  const fields = (it: DescriptorProto | undefined): string[] =>
    it ? [...it.field.map(({ typeName }) => typeName), ...it.nestedType.flatMap(fields)] : [];
  const under = (from: string[]) => walk(from, (name) => fields(named.get(name)));
  const types = (both: boolean) =>
    file.service.flatMap(({ method }) => method.filter((it) => it.clientStreaming === both).flatMap((it) => [it.inputType, it.outputType]));
  const kept = under(types(false));
  for (const name of under(types(true))) {
    const message = named.get(name);
    if (message && !kept.has(name)) Object.assign(message, { field: [], oneofDecl: [], nestedType: [] });
  }
  delete file.options;
  for (const message of file.messageType) {
    const field = file.package === "causerie.v1" ? message.field.filter(isUsed) : message.field;
    Object.assign(message, { field, reservedRange: [], reservedName: [] });
  }
  const enums = (it: DescriptorProto): EnumDescriptorProto[] => [...it.enumType, ...it.nestedType.flatMap(enums)];
  for (const { value } of [...file.enumType, ...file.messageType.flatMap(enums)]) value.forEach((it, i) => (it.name = `V${i}`));
  if (file.package === "causerie.v1") file.messageType.concat(file.enumType as never).forEach((it) => (it.name = shortName(it.name)));
  const refer = (name: string) => name.replace(/^(\.causerie\.v1\.)(\w+)/, (_, start: string, type: string) => start + shortName(type));
  const allFields = (it: DescriptorProto): FieldDescriptorProto[] => [...it.field, ...it.nestedType.flatMap(allFields)];
  for (const field of file.messageType.flatMap(allFields)) field.typeName = refer(field.typeName);
  for (const method of file.service.flatMap((it) => it.method)) Object.assign(method, { inputType: refer(method.inputType), outputType: refer(method.outputType) });
  return toBinary(FileDescriptorProtoSchema, file);
}

let shortNames: Map<string, string> | undefined;

/**
 * Types refer to each other by name, and nothing else does: on the wire are services, methods and numbers of fields.
 * So each type of the API has a name of one or two letters, the same in every build.
 */
function shortName(type: string): string {
  if (!shortNames) {
    const folder = join(import.meta.dirname, "src/gen/causerie/v1");
    const sources = readdirSync(folder).map((file) => readFileSync(join(folder, file), "utf8"));
    const names = sources.flatMap((it) => [...it.matchAll(/^export (?:type|enum) (\w+)/gm)].map(([, name]) => name ?? ""));
    shortNames = new Map([...new Set(names)].sort().map((name, i) => [name, i.toString(36)]));
  }
  const name = shortNames.get(type);
  if (name === undefined) throw new Error(`the generated code has no type ${type}`);
  return name;
}

/** All words of this client's own code: of any layer, for objects that become messages are spread in the API. */
const WORDS = new Set(
  readdirSync(join(import.meta.dirname, "src"), { recursive: true, encoding: "utf8" })
    .filter((path) => /\.tsx?$/.test(path) && !path.startsWith("gen"))
    .flatMap((path) => readFileSync(join(import.meta.dirname, "src", path), "utf8").match(/\w+/g) ?? []),
);

/** Fields of which nothing here says the name are skipped as unknown ones. */
function isUsed(field: FieldDescriptorProto): boolean {
  const name = field.name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
  return WORDS.has(name) || isFieldSet(field, FieldDescriptorProtoSchema.field.oneofIndex!);
}

/**
 * Every import of code that comes later passes through here. Browsers remember
 * that a file could not be had and never ask for it again under the same name.
 * (And Vite would look for styles and chunks to ask for beforehand; there are none.)
 */
const LATE = `
  let tries = 0;
  export const __vitePreload = (load) => load().catch((error) => {
    const [, path] = /import\\(\\W([^"'\\\`]+)/.exec(load) ?? [];
    if (!path) throw error;
    return import(/* @vite-ignore */ path + "?" + ++tries);
  });`;

function lateImports(): Plugin {
  return {
    name: "late-imports",
    apply: "build",
    enforce: "pre",
    load: (id) => (id.endsWith("vite/preload-helper.js") ? LATE : undefined),
  };
}

/** What each first visit asks for once the entry runs, before it shows anything. */
const FIRST_VISITS = {
  "the door": ["/ui/auth/LoginPage.tsx", "/ui/i18n/en.deferred.ts"],
  "a room": ["/ui/shell/SignedIn.tsx"],
} as const;

/** The scripts before the modules, and what belongs to them: a new one of them has a new address. */
function earlyScripts(): Plugin {
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
const earlyScript = (name: string) => minifySync(name, readFileSync(join(import.meta.dirname, "public", name), "utf8"), { module: false }).code;

type Bundle = NonNullable<IndexHtmlTransformContext["bundle"]>;

function chunkWith(bundle: Bundle, module: string) {
  return Object.values(bundle).find((it) => it.type === "chunk" && it.moduleIds.some((id) => id.endsWith(module)));
}

/** Prints the size of what each first visit needs before it shows anything, and refuses too much of it. */
function initialSize(): Plugin {
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
        console.log(`JavaScript before ${visit} shows: ${(bytes / 1000).toFixed(1)} kB gzip of ${MOST_INITIAL_BYTES / 1000} kB`);
        if (bytes > MOST_INITIAL_BYTES) throw new Error(`what ${visit} needs has grown too large`);
      }
    },
  };
}

/** Beside each file that becomes smaller, what the server sends of it (src/web/encoding.rs knows the endings). */
function compressed(): Plugin {
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

/**
 * All that each first visit needs goes into one chunk, and all that a room needs
 * beside it into another: cut along the edges of what is loaded later, each
 * small piece would be packed without knowing the others.
 */
function firstChunks() {
  let needed: { all: Set<string>; door: Set<string>; room: Set<string> } | undefined;
  const chunk = (name: string, has: (id: string, the: NonNullable<typeof needed>) => boolean) => (id: string, graph: ModuleGraph) => {
    const from = (isFirst: (info: ModuleInfo) => boolean) => reachable(graph, id, isFirst);
    needed ??= {
      all: from(({ isEntry }) => isEntry),
      door: from((it) => it.id.endsWith(FIRST_VISITS["the door"][0])),
      room: from((it) => it.id.endsWith(FIRST_VISITS["a room"][0])),
    };
    return has(id, needed) ? name : null;
  };
  return [
    { name: chunk("initial", (id, { all, door, room }) => all.has(id) || (door.has(id) && room.has(id))), priority: 2 },
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

function walk(from: string[], next: (id: string) => readonly string[]): Set<string> {
  const seen = new Set(from);
  // A set takes in what is added while it is gone through.
  for (const id of seen) for (const other of next(id)) seen.add(other);
  return seen;
}

export default defineConfig({
  plugins: [solid(), plainDescriptors(), smallDescriptor(), unusedEnums(), withoutJson(), smallClient(), lateImports(), earlyScripts(), initialSize(), compressed()],
  server: { proxy },
  preview: { proxy },
  build: {
    // Nothing is inlined, so that the pages do under a policy without data: scripts.
    assetsInlineLimit: 0,
    // What comes later comes before it is wanted, as a whole: no list of what needs what has to be there first.
    modulePreload: false,
    // There is one style sheet, which the page itself asks for.
    cssCodeSplit: false,
    rolldownOptions: { output: { codeSplitting: { groups: firstChunks() } } },
  },
  test: { include: ["tests/**/*.test.ts"], environment: "node" },
});
