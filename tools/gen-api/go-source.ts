import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** One field of a Go struct, tags taken apart. `name` is empty for embedded fields. */
export interface GoField {
  readonly name: string;
  readonly type: string;
  /** The `json` tag: name, then options; undefined where there is no tag. */
  readonly json: readonly string[] | undefined;
  /** Field number of the `protobuf` tag. */
  readonly number: number | undefined;
  readonly repeated: boolean;
  readonly patchStrategy: string | undefined;
  readonly patchMergeKey: string | undefined;
  /** `+marker=value` lines of the comment above; the value is `true` where there is none. */
  readonly markers: ReadonlyMap<string, string>;
}

export type GoType =
  | { readonly type: 'struct'; readonly fields: readonly GoField[]; readonly markers: ReadonlyMap<string, string> }
  | { readonly type: 'named'; readonly of: string };

export interface GoPackage {
  /** Type declarations by name. */
  readonly types: ReadonlyMap<string, GoType>;
  /** Import path by the name it has in the sources. */
  readonly imports: ReadonlyMap<string, string>;
}

/** Reads the type declarations of one gofmt-formatted package folder. */
export function readGoPackage(folder: string): GoPackage {
  const types = new Map<string, GoType>();
  const imports = new Map<string, string>();
  for (const file of readdirSync(folder).sort()) {
    if (!file.endsWith('.go') || file.endsWith('_test.go') || file.startsWith('zz_')) continue;
    if (file.endsWith('.pb.go') || file.endsWith('_swagger_doc_generated.go')) continue;
    readGoFile(readFileSync(path.join(folder, file), 'utf8'), types, imports);
  }
  return { types, imports };
}

function readGoFile(text: string, types: Map<string, GoType>, imports: Map<string, string>): void {
  let markers = new Map<string, string>();
  let struct: { name: string; fields: GoField[]; markers: Map<string, string> } | undefined;
  for (const line of text.replace(/\/\*[\s\S]*?\*\//g, '').split('\n')) {
    const comment = /^\s*\/\/\s?(.*)$/.exec(line);
    if (comment) {
      addMarker(markers, comment[1] as string);
      continue;
    }
    if (struct) {
      if (line === '}') {
        types.set(struct.name, { type: 'struct', fields: struct.fields, markers: struct.markers });
        struct = undefined;
      } else if (line.trim() !== '') {
        struct.fields.push(readField(line, markers));
      }
    } else {
      const name = /^type (\w+) struct ?\{(\})?/.exec(line);
      const alias = /^type (\w+) (?:= )?([\w.[\]*]+)$/.exec(line.replace(/\s*\/\/.*$/, ''));
      const imported = /^(?:import )?\s*(?:([\w.]+) )?"([\w./-]+)"$/.exec(line);
      if (name?.[2]) types.set(name[1] as string, { type: 'struct', fields: [], markers });
      else if (name) struct = { name: name[1] as string, fields: [], markers };
      else if (alias) types.set(alias[1] as string, { type: 'named', of: alias[2] as string });
      else if (imported) imports.set(imported[1] ?? path.basename(imported[2] as string), imported[2] as string);
    }
    // A blank line inside a comment block does not end the comment of the next declaration upstream's tools see.
    if (line.trim() !== '') markers = new Map();
  }
}

function addMarker(markers: Map<string, string>, text: string): void {
  const marker = /^\s*\+([\w:.-]+)(?:=(.*))?$/.exec(text);
  if (!marker) return;
  const [, name, value = 'true'] = marker;
  const before = markers.get(name as string);
  markers.set(name as string, before === undefined ? value : `${before},${value}`);
}

const untagged: GoField = {
  name: '',
  type: '',
  json: undefined,
  number: undefined,
  repeated: false,
  patchStrategy: undefined,
  patchMergeKey: undefined,
  markers: new Map(),
};

function readField(line: string, markers: ReadonlyMap<string, string>): GoField {
  const match = /^\t(?:(\w+)\s+)?([*\w.[\]]+|\[\]interface\{\})(?:\s+`([^`]*)`)?\s*(?:\/\/.*)?$/.exec(line);
  if (!match && line.includes('json:"')) throw new Error(`cannot read this line of a Go struct: ${line}`);
  // Functions, channels and the like: the struct they are in never travels.
  if (!match) return untagged;
  const tags = new Map([...(match[3] ?? '').matchAll(/(\w+):"([^"]*)"/g)].map((tag) => [tag[1], tag[2] as string]));
  const protobuf = tags.get('protobuf')?.split(',');
  return {
    name: match[1] ?? '',
    type: match[2] as string,
    json: tags.get('json')?.split(','),
    number: protobuf ? Number(protobuf[1]) : undefined,
    repeated: protobuf?.[2] === 'rep',
    patchStrategy: tags.get('patchStrategy'),
    patchMergeKey: tags.get('patchMergeKey'),
    markers,
  };
}
