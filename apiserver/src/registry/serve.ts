import type { KubernetesObject } from '@coracle/apimachinery/meta';
import { decodeMessage, encodeMessage, encodeProtobuf, supportsProtobuf } from '@coracle/apimachinery/protobuf';
import { type GroupResource, groupVersion, type ObjectSchema, type ResourceRow } from '@coracle/apimachinery/schema';
import type { Scheme } from '@coracle/apimachinery/scheme';
import {
  applyDefaults,
  normalize,
  storedForm,
  withSentEmpties,
  withZeroValues,
} from '@coracle/apimachinery/structural';
import type { ObjectStores, ResourceStore } from '../storage/object-store/object-store.ts';
import type { ServedResource } from './served-resource.ts';
import { storedDecoder } from './stored-decoder.ts';
import type { Strategy } from './strategy.ts';

export interface ServeDependencies {
  readonly scheme: Scheme;
  readonly stores: ObjectStores;
  /** The strategy of a resource; kinds without one get the generic behaviour. */
  readonly strategyOf: (resource: GroupResource) => Strategy;
}

const partialMetadata = { group: '', version: 'v1', kind: 'PartialObjectMetadata' };
const status = { group: '', version: 'v1', kind: 'Status' };

/** Makes the built-in resources of the Scheme ready to be served. */
export function serveBuiltins(dependencies: ServeDependencies): ServedResource[] {
  return [...dependencies.scheme.rows()].map((row) => serveBuiltin(dependencies, row));
}

function serveBuiltin({ scheme, stores, strategyOf }: ServeDependencies, row: ResourceRow): ServedResource {
  const storage = { group: row.storageGroup ?? row.group, version: row.storageVersion };
  const storageRow = scheme.resource({ ...storage, resource: row.resource }) ?? row;
  const schema = scheme.schemaOf(row.definition);
  const storageSchema = scheme.schemaOf(storageRow.definition);
  const metadataSchema = required(scheme, partialMetadata);
  const statusSchema = required(scheme, status);
  const strategy = strategyOf({ group: row.group, resource: row.resource });
  const isStorageVersion = storageRow === row;
  return {
    row,
    groupResource: { group: row.group, resource: row.resource },
    kind: { group: row.group, version: row.version, kind: row.kind },
    strategy,
    schema,
    ...(row.deprecationWarning !== undefined && { deprecationWarning: row.deprecationWarning }),
    schemaOf: (version) => {
      const other = scheme.resource({ group: row.group, version, resource: row.resource });
      return other === undefined ? undefined : scheme.schemaOf(other.definition);
    },
    store: storeOf(scheme, stores, storageRow, storageSchema, strategy),
    isStorageVersion,
    apiVersion: groupVersion(row),
    storageApiVersion: groupVersion(storageRow),
    protobuf: supportsProtobuf(schema)
      ? {
          encode: (object) => encodeMessage(object, schema),
          decode: (message) => decodeMessage(message, schema) as KubernetesObject,
        }
      : undefined,
    encodeMetadata: (object) => encodeMessage(object, metadataSchema),
    encodeStatus: (object) => encodeProtobuf(object, statusSchema),
    strategicMerge: true,
    toStorage: (object) => (isStorageVersion ? object : normalize(scheme.convert(object, storage), storageSchema)),
    fromStorage: (object, version = row.version) => scheme.convert(object, { group: row.group, version }),
    convert: (object, version) => scheme.convert(object, { group: row.group, version }),
    setDefaults: (object) => setDefaults(object, schema, strategy, row.version),
    setStorageDefaults: (object) => setDefaults(object, storageSchema, strategy, storageRow.version),
    withServedZeros: (object) => withManagedFieldsReset(object, schema),
    withZeros: (object) => withZeroValues(object, storageSchema),
    normalize: (object) => normalize(object, storageSchema),
    storedForm: (object) => storedForm(object, storageSchema),
  };
}

/** An empty list of managed fields is no zero value: it forgets who owned what. */
function withManagedFieldsReset(object: KubernetesObject, schema: ObjectSchema): KubernetesObject {
  const isReset = object.metadata?.managedFields?.length === 0;
  const written = withSentEmpties(object, schema);
  if (!isReset) return written;
  return { ...written, metadata: { ...written.metadata, managedFields: [] } };
}

function setDefaults(object: KubernetesObject, schema: ObjectSchema, strategy: Strategy, version: string): void {
  applyDefaults(object, schema);
  strategy.defaults?.(object, version);
}

function storeOf(
  scheme: Scheme,
  stores: ObjectStores,
  row: ResourceRow,
  schema: ObjectSchema,
  strategy: Strategy,
): ResourceStore {
  const fields = strategy.fields?.bind(strategy);
  return stores.resource({
    prefix: row.storagePrefix,
    namespaced: row.namespaced,
    storedAs: { apiVersion: groupVersion(row), kind: row.kind },
    decode: storedDecoder(scheme, row, (object) => {
      setDefaults(object, schema, strategy, row.version);
      return normalize(object, schema);
    }),
    ...(fields === undefined ? {} : { fields }),
  });
}

function required(scheme: Scheme, kind: Parameters<Scheme['schemaOfKind']>[0]): ObjectSchema {
  const schema = scheme.schemaOfKind(kind);
  if (schema === undefined) throw new Error(`the generated tables have no ${kind.kind}: generate them again`);
  return schema;
}
