/**
 * The objects that upstream keeps to guard its encodings, and the program that packs those of served kinds for the tests of
 * apimachinery, so that they need no Go module:
 *
 *     node tools/gen-api/wire-fixtures.ts
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import { moduleFolder } from './packages.ts';

/** One object of one release, in the encodings of upstream's testdata. */
export interface WireFixture {
  /** `apps.v1.Deployment`. */
  readonly name: string;
  /** `HEAD` for the release that the facts come from, `v1.33.0` and so on for what older ones wrote. */
  readonly release: string;
  readonly json: Record<string, unknown>;
  readonly yaml: string;
  readonly protobuf: Uint8Array;
  /** What today's upstream makes of `protobuf` when it writes it again. */
  readonly protobufAgain: Uint8Array;
}

export const packedFixtures = new URL(
  '../../apimachinery/src/protobuf/testdata/upstream-fixtures.json.br',
  import.meta.url,
);

/** All fixtures of k8s.io/api (193 kinds, five releases) and of k8s.io/apiextensions-apiserver. */
export function readWireFixtures(): WireFixture[] {
  const api = path.join(moduleFolder('api'), 'testdata');
  const releases = readdirSync(api).filter((name) => name === 'HEAD' || /^v\d/.test(name));
  const extensions = path.join(moduleFolder('apiextensions-apiserver'), 'pkg/apis/testdata/HEAD');
  return [
    ...releases.flatMap((release) => fixturesIn(path.join(api, release), release)),
    ...fixturesIn(extensions, 'HEAD'),
  ];
}

function fixturesIn(folder: string, release: string): WireFixture[] {
  const names = readdirSync(folder).filter((name) => name.endsWith('.pb') && !name.includes('.after_roundtrip.'));
  return names.map((file) => {
    const name = file.slice(0, -'.pb'.length);
    return {
      name,
      release,
      json: JSON.parse(readFileSync(current(folder, name, 'json'), 'utf8')),
      yaml: readFileSync(current(folder, name, 'yaml'), 'utf8'),
      protobuf: new Uint8Array(readFileSync(path.join(folder, file))),
      protobufAgain: new Uint8Array(readFileSync(current(folder, name, 'pb'))),
    };
  });
}

/** What a release wrote that today's reads differently has a second file that says how. */
function current(folder: string, name: string, extension: string): string {
  const after = path.join(folder, `${name}.after_roundtrip.${extension}`);
  return existsSync(after) ? after : path.join(folder, `${name}.${extension}`);
}

/** Side by side by name, as releases differ little: packed, the whole is some 50 KiB. */
export function fixtureRows(fixtures: readonly WireFixture[]): unknown[] {
  return fixtures
    .toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
    .map(({ name, release, json, protobuf, protobufAgain }) => [
      name,
      release,
      json,
      protobuf.toBase64(),
      ...(Buffer.compare(protobuf, protobufAgain) === 0 ? [] : [protobufAgain.toBase64()]),
    ]);
}

function keyOf({ name, release }: WireFixture): string {
  return `${name} ${release}`;
}

function pack(rows: readonly unknown[]): Uint8Array {
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24 };
  return brotliCompressSync(JSON.stringify(rows), { params });
}

if (import.meta.main) writeFileSync(packedFixtures, pack(fixtureRows(readWireFixtures())));
