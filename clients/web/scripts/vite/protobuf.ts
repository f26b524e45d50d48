// Leaves out of the protobuf and Connect libraries what these pages never use.

import type { Plugin } from "vite";

/** The pages speak protobuf's binary form only; its JSON form is left out, and browsers know base64 themselves. */
export function withoutJson(): Plugin {
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

export function smallClient(): Plugin {
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
export function smallDescriptor(): Plugin {
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
export function unusedEnums(): Plugin {
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
