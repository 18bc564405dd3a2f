import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { decodeEnvelope, decodeMessage, encodeMessage } from '@coracle/apimachinery/protobuf';
import type { ObjectSchema } from '@coracle/apimachinery/schema';
import { DefinitionTable } from '@coracle/apimachinery/scheme';
import { checkObject, decodeStrict, normalize } from '@coracle/apimachinery/structural';
import { expect } from 'chai';
import { load } from 'js-yaml';
import { buildDefinitions } from './definitions.ts';
import { readOpenApiSchemas } from './openapi.ts';
import { apiPackage, machineryPackages, moduleFolder } from './packages.ts';
import { fixtureRows, packedFixtures, readWireFixtures, type WireFixture } from './wire-fixtures.ts';

/** Kept beside v1 for webhooks' conversions, served by nobody. */
const retired = 'apiextensions.k8s.io.v1beta1.';

/** Every object that upstream keeps to guard its encodings, of all versions, also of those a server does not serve. */
describe('upstream wire fixtures', function () {
  this.timeout(60_000);
  let table: DefinitionTable;
  let fixtures: readonly WireFixture[] = [];

  before(function () {
    try {
      fixtures = readWireFixtures();
    } catch (error) {
      console.info(`    skipped: ${(error as Error).message}`);
      return this.skip();
    }
    const packages = [...machineryPackages(), ...allApiFolders().map((name) => apiPackage(name))];
    const definitions = buildDefinitions({ packages, schemas: readOpenApiSchemas() });
    table = new DefinitionTable({
      groupVersions: [],
      packages: Object.fromEntries(
        packages.map(({ name, prefix, group, version }) => [
          name,
          { prefix, ...(group !== undefined && { group, version }) },
        ]),
      ),
      definitions: Object.fromEntries([...definitions].map(([name, lines]) => [name, lines.join('\n')])),
    });
  });

  /** WatchEvent alone has no version of its own. */
  function schemaOfFixture(name: string): ObjectSchema {
    const [, group = '', version = '', kind = ''] = /^(.*)\.(v\d\w*)\.(\w+)$/.exec(name) ?? [];
    const definition = table.definitionOf(group === 'core' ? '' : group, version, kind);
    const schema = table.schemaOf(definition ?? `io.k8s.apimachinery.pkg.apis.meta.v1.${kind}`);
    if (schema?.type !== 'object') throw new Error(`${name} is of no known kind`);
    return schema;
  }

  it('decode to the JSON and YAML beside them and encode to the same bytes', () => {
    const today = fixtures.filter(({ name, release }) => release === 'HEAD' && !name.startsWith(retired));
    expect(today.length).to.be.greaterThan(190);
    const names = new Set(today.map(({ name }) => name));
    // Kinds that left the API since are gone from the Go module as well.
    const known = fixtures.filter(({ name }) => names.has(name));
    expect(known.length).to.be.greaterThan(800);
    for (const fixture of known) compare(fixture, schemaOfFixture(fixture.name));
  });

  it('are packed for the tests of apimachinery', () => {
    const packed = brotliDecompressSync(readFileSync(packedFixtures)).toString();
    expect(packed === JSON.stringify(fixtureRows(fixtures)), 'run "node tools/gen-api/wire-fixtures.ts"').to.equal(
      true,
    );
  });

  function compare({ name, release, json, yaml, protobuf, protobufAgain }: WireFixture, schema: ObjectSchema): void {
    const title = `${name} ${release}`;
    const { raw, apiVersion, kind } = decodeEnvelope(protobuf);
    const decoded = { ...(kind !== '' && { kind, apiVersion }), ...decodeMessage(raw, schema) };
    expect(decoded, title).to.deep.equal(json);
    expect(load(yaml), title).to.deep.equal(json);
    const message = encodeMessage(json, schema);
    expect(decodeMessage(message, schema), title).to.deep.equal(decodeMessage(raw, schema));
    const expected = decodeEnvelope(protobufAgain).raw;
    if (!writesZeros(kind, release)) expect(Buffer.compare(message, expected), title).to.equal(0);
    // What upstream prints is in Go's form already: nothing may be added, dropped or reworded on the way through.
    expect(decodeStrict(JSON.stringify(json), schema).strictErrors, title).to.deep.equal([]);
    expect(normalize(checkObject(structuredClone(json), schema).object, schema), title).to.deep.equal(json);
  }
});

/** Upstream writes the zero of every scalar that is no pointer, we write none; only these fixtures hold any. */
function writesZeros(kind: string, release: string): boolean {
  return kind === 'CustomResourceDefinition' || (kind === 'ListOptions' && release < 'v1.36' && release !== 'HEAD');
}

function allApiFolders(): string[] {
  const root = moduleFolder('api');
  return readdirSync(root, { withFileTypes: true })
    .filter((area) => area.isDirectory() && area.name !== 'testdata')
    .flatMap((area) =>
      readdirSync(path.join(root, area.name))
        .filter((version) => /^v\d/.test(version))
        .map((version) => `${area.name}/${version}`),
    );
}
