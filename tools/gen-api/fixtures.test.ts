import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { decodeEnvelope, decodeMessage, encodeMessage } from '@coracle/apimachinery/protobuf';
import type { ObjectSchema } from '@coracle/apimachinery/schema';
import { DefinitionTable } from '@coracle/apimachinery/scheme';
import { checkObject, decodeStrict, normalize } from '@coracle/apimachinery/structural';
import { expect } from 'chai';
import { buildDefinitions } from './definitions.ts';
import { readOpenApiSchemas } from './openapi.ts';
import { apiPackage, machineryPackages, moduleFolder } from './packages.ts';

/** Every object that upstream keeps to guard its encodings, of all versions, also of those a server does not serve. */
describe('upstream wire fixtures', function () {
  this.timeout(60_000);
  let table: DefinitionTable;
  const folders: string[] = [];

  before(function () {
    try {
      folders.push(path.join(moduleFolder('api'), 'testdata/HEAD'));
      folders.push(path.join(moduleFolder('apiextensions-apiserver'), 'pkg/apis/testdata/HEAD'));
    } catch (error) {
      console.info(`    skipped: ${(error as Error).message}`);
      return this.skip();
    }
    const packages = [...machineryPackages(), ...allApiFolders().map((name) => apiPackage(name))];
    const definitions = buildDefinitions({ packages, schemas: readOpenApiSchemas() });
    table = new DefinitionTable({
      packages: Object.fromEntries(
        packages.map(({ name, prefix, group, version }) => [
          name,
          { prefix, ...(group !== undefined && { group, version }) },
        ]),
      ),
      definitions: Object.fromEntries([...definitions].map(([name, lines]) => [name, lines.join('\n')])),
    });
  });

  /** `apps.v1.Deployment.pb` holds a Deployment of apps/v1; WatchEvent alone has no version of its own. */
  function schemaOfFile(name: string): ObjectSchema {
    const [, group = '', version = '', kind = ''] = /^(.*)\.(v\d\w*)\.(\w+)\.pb$/.exec(name) ?? [];
    const definition = table.definitionOf(group === 'core' ? '' : group, version, kind);
    const schema = table.schemaOf(definition ?? `io.k8s.apimachinery.pkg.apis.meta.v1.${kind}`);
    if (schema?.type !== 'object') throw new Error(`${name} is of no known kind`);
    return schema;
  }

  it('decode to the JSON beside them and encode to the same bytes', () => {
    const files = folders.flatMap((folder) => readdirSync(folder).map((name) => path.join(folder, name)));
    const encoded = files.filter((file) => file.endsWith('.pb') && !/apiextensions.*v1beta1/.test(file));
    expect(encoded.length).to.be.greaterThan(150);
    for (const file of encoded) {
      const name = path.basename(file);
      const schema = schemaOfFile(name);
      const { raw, apiVersion, kind } = decodeEnvelope(new Uint8Array(readFileSync(file)));
      const object = JSON.parse(readFileSync(file.replace(/pb$/, 'json'), 'utf8'));
      const decoded = { ...(kind !== '' && { kind, apiVersion }), ...decodeMessage(raw, schema) };
      expect(decoded, name).to.deep.equal(object);
      const message = encodeMessage(object, schema);
      expect(decodeMessage(message, schema), name).to.deep.equal(decodeMessage(raw, schema));
      // A CustomResourceDefinition holds empty schemas, of which upstream writes every zero and we write none.
      if (kind !== 'CustomResourceDefinition') expect(Buffer.compare(message, raw), name).to.equal(0);
      // What upstream prints is in Go's form already: nothing may be added, dropped or reworded on the way through.
      expect(decodeStrict(JSON.stringify(object), schema).strictErrors, name).to.deep.equal([]);
      expect(normalize(checkObject(structuredClone(object), schema).object, schema), name).to.deep.equal(object);
    }
  });
});

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
