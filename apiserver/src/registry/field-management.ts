import {
  applyConfiguration,
  type FieldSet,
  type ManagedWrite,
  setOfPaths,
  type ToVersion,
  updateManagedFields,
} from '@coracle/apimachinery/apply';
import type { Clock } from '@coracle/apimachinery/clock';
import { deepCopy } from '@coracle/apimachinery/json';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import { type ObjectSchema, parseGroupVersion } from '@coracle/apimachinery/schema';
import { resetPaths } from './generation.ts';
import { timestamp } from './metadata.ts';
import type { ServedResource } from './served-resource.ts';
import type { FieldPath } from './strategy.ts';

/** Keeps metadata.managedFields of one write true. Objects are in the served version. */
export interface FieldManagement {
  /**
   * Records on `object`, in place, which fields this write set. `live` is what is stored now; undefined on a create.
   * Never fails: what cannot be understood is left out.
   */
  update(live: KubernetesObject | undefined, object: KubernetesObject): void;
  /**
   * Server-side apply: the object, private, without defaults, that results from merging `intent` into what is stored.
   * Throws Conflict where others own what it changes, unless forced; BadRequest for a bad intent.
   */
  apply(live: KubernetesObject | undefined, intent: KubernetesObject, force: boolean): KubernetesObject;
  /** The same for a view through which the object is written: `live` and `object` are views then, which carry its entries. */
  ofView(view: ViewManagement): Omit<FieldManagement, 'ofView'>;
}

export interface ViewManagement {
  readonly apiVersion: string;
  readonly kind: string;
  readonly schema: ObjectSchema;
}

export interface FieldManagementOptions {
  readonly manager: string;
  readonly subresource: string;
  /** Fields that this endpoint puts back, which the client therefore does not own; undefined for those of the resource. */
  readonly resetFields: readonly FieldPath[] | undefined;
  readonly clock: Clock;
}

/** The field management of a write. */
export function fieldManagementFor(resource: ServedResource, options: FieldManagementOptions): FieldManagement {
  const { manager, subresource } = options;
  const writer = () => ({ manager, subresource, time: timestamp(options.clock.now()) });
  const write = (): ManagedWrite => ({
    ...writer(),
    schema: resource.schema,
    apiVersion: resource.apiVersion,
    ignored: ignoredBy(resource, options.resetFields),
    toVersion: versionsOf(resource),
  });
  const by = (kind: string, of: () => ManagedWrite): Omit<FieldManagement, 'ofView'> => ({
    update: (live, object) => updateManagedFields(live, object, of()),
    apply: (live, intent, force) => deepCopy(applyConfiguration(live, intent, { ...of(), kind, force })),
  });
  return {
    ...by(resource.row.kind, write),
    ofView: ({ apiVersion, kind, schema }) => by(kind, () => ({ ...writer(), apiVersion, schema })),
  };
}

const ignoredSets = new WeakMap<readonly FieldPath[], FieldSet>();

function ignoredBy(resource: ServedResource, resetFields: readonly FieldPath[] | undefined): FieldSet | undefined {
  const paths = resetFields ?? resetPaths(resource);
  if (paths.length === 0) return undefined;
  let set = ignoredSets.get(paths);
  if (set === undefined) {
    set = setOfPaths(paths);
    ignoredSets.set(paths, set);
  }
  return set;
}

/** Entries of other versions are compared in their own version, as far as it is still served. */
function versionsOf(resource: ServedResource): ToVersion {
  return (object, apiVersion) => {
    const { group, version } = parseGroupVersion(apiVersion);
    const schema = group === resource.row.group ? resource.schemaOf(version) : undefined;
    return schema === undefined ? undefined : { object: resource.convert(object, version), schema };
  };
}
