// Makes the descriptors in generated code small: they are part of what a first visit loads.

import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

import { fromBinary, isFieldSet, toBinary } from "@bufbuild/protobuf";
import { FieldDescriptorProtoSchema, FileDescriptorProtoSchema, type DescriptorProto, type EnumDescriptorProto, type FieldDescriptorProto } from "@bufbuild/protobuf/wkt";
import type { Plugin } from "vite";

import { walk } from "./walk.ts";

/** The package's folder. */
const ROOT = join(import.meta.dirname, "../..");

/**
 * Generated code carries its descriptors in base64, in which gzip finds nothing
 * that repeats. As plain text they are half as large on the way. What is
 * in them that nothing here reads is left out.
 */
export function plainDescriptors(): Plugin {
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
    const folder = join(ROOT, "src/gen/causerie/v1");
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
  readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" })
    .filter((path) => /\.tsx?$/.test(path) && !path.startsWith("gen"))
    .flatMap((path) => readFileSync(join(ROOT, "src", path), "utf8").match(/\w+/g) ?? []),
);

/** Fields of which nothing here says the name are skipped as unknown ones. */
function isUsed(field: FieldDescriptorProto): boolean {
  const name = field.name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
  return WORDS.has(name) || isFieldSet(field, FieldDescriptorProtoSchema.field.oneofIndex!);
}
