import { readFileSync } from 'node:fs';
import { brotliDecompressSync } from 'node:zlib';
import { expect } from 'chai';
import type { KubernetesObject } from '../meta/index.ts';
import { type ObjectSchema, parseGroupVersion } from '../schema/index.ts';
import { builtinScheme } from '../scheme/index.ts';
import { decodeProtobuf, encodeProtobuf } from './index.ts';

type Row = [name: string, release: string, json: KubernetesObject, protobuf: string, protobufAgain?: string];

const file = new URL('testdata/upstream-fixtures.json.br', import.meta.url);
const rows = JSON.parse(brotliDecompressSync(readFileSync(file)).toString()) as Row[];
const scheme = builtinScheme();
const schemaOf = scheme.schemaOfKind.bind(scheme);

function schemaOfRow({ apiVersion, kind }: KubernetesObject): ObjectSchema | undefined {
  return apiVersion === undefined || kind === undefined
    ? undefined
    : schemaOf({ ...parseGroupVersion(apiVersion), kind });
}

/**
 * Upstream writes the zero of every scalar that is no pointer, this codec writes none of them: the same message, shorter.
 * Fixtures fill every field; only these hold a zero.
 */
const withZeros = new Set([
  'core.v1.ListOptions v1.33.0',
  'core.v1.ListOptions v1.34.0',
  'core.v1.ListOptions v1.35.0',
]);
const withEmptySchemas = new Set(['CustomResourceDefinition']);

/** What Kubernetes 1.33 to 1.37 wrote, packed by `tools/gen-api/wire-fixtures.ts`: every field of every kind is set. */
describe('what upstream wrote', () => {
  const served = rows.filter(([, , json]) => schemaOfRow(json) !== undefined);

  it('holds every built-in kind that travels as protobuf', () => {
    const fixtures = new Set(served.filter(([, release]) => release === 'HEAD').map(([, , json]) => keyOf(json)));
    const kinds = [...scheme.rows()].flatMap((row) => [row, ...row.subresources.map(({ kind }) => kind)]);
    const missing = kinds
      .map(({ group, version, kind }) => keyOf({ apiVersion: group === '' ? version : `${group}/${version}`, kind }))
      .filter((key) => !fixtures.has(key));
    // kube-aggregator keeps no fixtures.
    expect([...new Set(missing)]).to.deep.equal(['apiregistration.k8s.io/v1 APIService']);
  });

  for (const release of new Set(served.map(([, name]) => name))) {
    const ofRelease = served.filter(([, name]) => name === release);
    it(`${release}: ${ofRelease.length} objects decode to upstream's JSON`, () => {
      for (const [name, , json, protobuf] of ofRelease) {
        expect(decodeProtobuf(Uint8Array.fromBase64(protobuf), schemaOf), name).to.deep.equal(json);
      }
    });

    it(`${release}: ${ofRelease.length} objects encode to upstream's bytes`, () => {
      for (const [name, , json, protobuf, again = protobuf] of ofRelease) {
        const schema = schemaOfRow(json) as ObjectSchema;
        const bytes = encodeProtobuf(json, schema);
        expect(decodeProtobuf(bytes, schemaOf), name).to.deep.equal(json);
        if (withZeros.has(`${name} ${release}`) || withEmptySchemas.has(json.kind ?? '')) continue;
        expect(bytes.toBase64(), name).to.equal(again);
      }
    });
  }
});

function keyOf({ apiVersion, kind }: KubernetesObject): string {
  return `${apiVersion} ${kind}`;
}
