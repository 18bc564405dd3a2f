import { Buffer } from 'node:buffer';
import { deepCopy } from '@coracle/apimachinery/json';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import { encodeMessage, encodeProtobuf } from '@coracle/apimachinery/protobuf';
import {
  type GroupVersionKind,
  type ObjectSchema,
  parseGroupVersion,
  type ResourceRow,
  type SubresourceRow,
  type Verb,
} from '@coracle/apimachinery/schema';
import type { Scheme } from '@coracle/apimachinery/scheme';
import { applyDefaults, checkObject, withZeroValues } from '@coracle/apimachinery/structural';
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionVersion,
} from '@coracle/apimachinery/types/apiextensions-v1';
import type { ServedResource } from '../registry/served-resource.ts';
import { refuseSealed } from '../storage/encryption/index.ts';
import type { ObjectStores, ResourceStore } from '../storage/object-store/object-store.ts';
import { type Conversion, type ConversionDependencies, conversionOf } from './conversion.ts';
import { instanceStrategy, selectableFieldsOfAll } from './instance-strategy.ts';
import { selectedWhenConverted } from './selected-when-converted.ts';
import { structuralSchema } from './structural-schema.ts';

export interface ServeDefinitionDependencies extends ConversionDependencies {
  readonly scheme: Scheme;
  readonly stores: ObjectStores;
}

/** In upstream's order, which is not that of the built-in resources. */
const allVerbs: readonly Verb[] = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'];
const subresourceVerbs: readonly Verb[] = ['get', 'patch', 'update'];

/** Where a definition's objects are kept, below `/registry/`. */
export function storagePrefixOf({ spec }: CustomResourceDefinition): string {
  return `${spec.group}/${spec.names.plural}`;
}

/** A definition's served versions, each as if it were built in. */
export function serveDefinition(
  dependencies: ServeDefinitionDependencies,
  definition: CustomResourceDefinition,
): ServedResource[] {
  const { scheme, stores } = dependencies;
  const storage = definition.spec.versions.find((version) => version.storage);
  if (storage === undefined) return [];
  const objectMeta = scheme.schemaOf('io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta');
  const schemas = new Map(
    definition.spec.versions.map((version) => [
      version.name,
      structuralSchema(version.schema?.openAPIV3Schema, objectMeta),
    ]),
  );
  const conversion = conversionOf(definition, schemas, dependencies);
  const store = openStore(stores, definition, storage, schemas);
  return definition.spec.versions
    .filter((version) => version.served)
    .map((version) => serveVersion({ scheme, definition, version, storage, schemas, store, conversion }));
}

function openStore(
  stores: ObjectStores,
  definition: CustomResourceDefinition,
  storage: CustomResourceDefinitionVersion,
  schemas: ReadonlyMap<string, ObjectSchema>,
): ResourceStore {
  const { group, scope } = definition.spec;
  const apiVersion = `${group}/${storage.name}`;
  const keepsVersion = definition.spec.conversion?.strategy === 'Webhook';
  // What a webhook converts is selected by its values in the version that is asked for.
  const fields = keepsVersion ? undefined : selectableFieldsOfAll(definition);
  return stores.resource({
    prefix: storagePrefixOf(definition),
    namespaced: scope === 'Namespaced',
    decode(stored) {
      refuseSealed(stored);
      const text = Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength).toString('utf8');
      const written = JSON.parse(text) as KubernetesObject;
      // Pruned and given defaults by the schema of today, of the version that it is read as: that is what is read, whatever
      // was written once.
      const own = keepsVersion ? parseGroupVersion(written.apiVersion ?? '').version : storage.name;
      const schema = schemas.get(own) ?? schemaOfVersion(schemas, storage);
      const object = checkObject(written, schema).object as KubernetesObject;
      applyDefaults(object, schema);
      return keepsVersion ? object : { ...object, apiVersion };
    },
    ...(fields === undefined ? {} : { fields }),
  });
}

interface VersionParts {
  readonly scheme: Scheme;
  readonly definition: CustomResourceDefinition;
  readonly version: CustomResourceDefinitionVersion;
  readonly storage: CustomResourceDefinitionVersion;
  /** Structures of all versions, served or not. */
  readonly schemas: ReadonlyMap<string, ObjectSchema>;
  readonly store: ResourceStore;
  readonly conversion: Conversion;
}

function serveVersion(parts: VersionParts): ServedResource {
  const { scheme, definition, version, storage, schemas, store, conversion } = parts;
  const { prepare } = conversion;
  const schema = schemaOfVersion(schemas, version);
  const storageSchema = schemaOfVersion(schemas, storage);
  const { group, names } = definition.spec;
  const groupResource = { group, resource: names.plural };
  // Where a webhook converts, the store may hold objects of any version, as they were written.
  const isStorageVersion = version.name === storage.name && prepare === undefined;
  const apiVersion = `${group}/${version.name}`;
  const storageApiVersion = `${group}/${storage.name}`;
  const strategy = instanceStrategy(definition, version, groupResource);
  const fromStorage = (object: KubernetesObject, to = version.name) => conversion.convert(object, to);
  const metadataSchema = metaSchema(scheme, 'PartialObjectMetadata');
  const statusSchema = metaSchema(scheme, 'Status');
  return {
    row: rowOf(definition, version, storage),
    groupResource,
    kind: { group, version: version.name, kind: names.kind },
    strategy,
    schema,
    schemaOf: (name) => schemas.get(name),
    store:
      prepare === undefined
        ? store
        : selectedWhenConverted(store, {
            prepare: (objects) => prepare(objects, version.name),
            convert: fromStorage,
            fields: (object) => strategy.fields?.(object) ?? {},
          }),
    isStorageVersion,
    apiVersion,
    storageApiVersion,
    protobuf: undefined,
    encodeMetadata: (object) => encodeMessage(object, metadataSchema),
    encodeStatus: (status) => encodeProtobuf(status, statusSchema),
    strategicMerge: false,
    toStorage(object) {
      if (prepare === undefined) return conversion.convert(object, storage.name);
      return prepare([object], storage.name).then(() => deepCopy(conversion.convert(object, storage.name)));
    },
    fromStorage,
    ...(prepare === undefined ? {} : { prepare: (objects) => prepare(objects, version.name) }),
    convert: (object, to) => ({ ...object, apiVersion: `${group}/${to}` }),
    setDefaults: (object) => applyDefaults(object, schema),
    setStorageDefaults(object) {
      prune(object, storageSchema);
      applyDefaults(object, storageSchema);
    },
    // Metadata is typed in every object and in what it embeds: what is empty there is as good as absent.
    withServedZeros: (object) => withZeroValues(object, schema),
    withZeros: (object) => withZeroValues(object, storageSchema),
    normalize: (object) => object,
    storedForm: (object) => object,
    ...deprecation(definition, version),
  };
}

/** Takes out, in place, what the schema does not know: admission may have put it there. */
function prune(object: KubernetesObject, schema: ObjectSchema): void {
  const known = checkObject(object, schema).object;
  const fields = object as Record<string, unknown>;
  for (const name of Object.keys(fields)) if (!Object.hasOwn(known, name)) delete fields[name];
}

function schemaOfVersion(
  schemas: ReadonlyMap<string, ObjectSchema>,
  { name }: CustomResourceDefinitionVersion,
): ObjectSchema {
  const schema = schemas.get(name);
  if (schema === undefined) throw new Error(`version ${name} is not among the definition's versions`);
  return schema;
}

function rowOf(
  definition: CustomResourceDefinition,
  version: CustomResourceDefinitionVersion,
  storage: CustomResourceDefinitionVersion,
): ResourceRow {
  const { group, names, scope } = definition.spec;
  // What was accepted is what discovery shows: a short name that is taken is not ours.
  const accepted = definition.status?.acceptedNames ?? names;
  return {
    group,
    version: version.name,
    resource: names.plural,
    kind: names.kind,
    namespaced: scope === 'Namespaced',
    singular: accepted.singular ?? '',
    listKind: names.listKind ?? `${names.kind}List`,
    verbs: allVerbs,
    shortNames: accepted.shortNames ?? [],
    categories: accepted.categories ?? [],
    subresources: subresourcesOf(definition, version),
    definition: definitionName(group, version.name, names.kind),
    storageVersion: storage.name,
    storagePrefix: storagePrefixOf(definition),
  };
}

/** Reverse domain name, as OpenAPI clients know it: `com.example.stable.v1.CronTab`. */
export function definitionName(group: string, version: string, kind: string): string {
  return [...group.split('.').reverse(), version, kind].join('.');
}

function subresourcesOf(
  { spec }: CustomResourceDefinition,
  { name, subresources }: CustomResourceDefinitionVersion,
): SubresourceRow[] {
  const kind: GroupVersionKind = { group: spec.group, version: name, kind: spec.names.kind };
  const scale: GroupVersionKind = { group: 'autoscaling', version: 'v1', kind: 'Scale' };
  return [
    ...(subresources?.status === undefined ? [] : [{ name: 'status', kind, verbs: subresourceVerbs }]),
    ...(subresources?.scale === undefined ? [] : [{ name: 'scale', kind: scale, verbs: subresourceVerbs }]),
  ];
}

function deprecation(
  { spec }: CustomResourceDefinition,
  version: CustomResourceDefinitionVersion,
): { deprecationWarning?: string } {
  if (version.deprecated !== true) return {};
  return {
    deprecationWarning: version.deprecationWarning ?? `${spec.group}/${version.name} ${spec.names.kind} is deprecated`,
  };
}

function metaSchema(scheme: Scheme, kind: string): ObjectSchema {
  const schema = scheme.schemaOfKind({ group: '', version: 'v1', kind });
  if (schema === undefined) throw new Error(`the generated tables have no ${kind}: generate them again`);
  return schema;
}
