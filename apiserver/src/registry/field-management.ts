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
import { parseGroupVersion } from '@coracle/apimachinery/schema';
import { resetPaths } from './generation.ts';
import { assign, timestamp } from './metadata.ts';
import type { ServedResource } from './served-resource.ts';
import type { FieldPath } from './strategy.ts';
import { metaOf } from './write.ts';

/** Keeps metadata.managedFields of one write true. Objects are in storage version. */
export interface FieldManagement {
  /**
   * Records on `object`, in place, which fields this write set. `live` is what is stored now; undefined on a create.
   * Never fails: what cannot be understood is left out.
   */
  update(live: KubernetesObject | undefined, object: KubernetesObject): void;
  /**
   * Server-side apply: the object, private and with defaults set, that results from merging `intent` (in the served version)
   * into what is stored. Throws Conflict where others own what it changes, unless forced; BadRequest for a bad intent.
   */
  apply(live: KubernetesObject | undefined, intent: KubernetesObject, force: boolean): KubernetesObject;
}

export interface FieldManagementOptions {
  readonly manager: string;
  readonly subresource: string;
  /** Fields that this endpoint puts back, which the client therefore does not own; undefined for those of the resource. */
  readonly resetFields: readonly FieldPath[] | undefined;
  readonly clock: Clock;
}

/** The field management of a write; undefined for kinds that are answered and never stored. */
export function fieldManagementFor(
  resource: ServedResource,
  options: FieldManagementOptions,
): FieldManagement | undefined {
  if (resource.strategy.answer !== undefined) return undefined;
  const write = (): ManagedWrite => ({
    schema: resource.schema,
    manager: options.manager,
    apiVersion: resource.apiVersion,
    subresource: options.subresource,
    time: timestamp(options.clock.now()),
    ignored: ignoredBy(resource, options.resetFields),
    toVersion: versionsOf(resource),
  });
  const served = (object: KubernetesObject) => (resource.isStorageVersion ? object : resource.fromStorage(object));
  return {
    update(live, object) {
      const seen = served(object);
      updateManagedFields(live === undefined ? undefined : served(live), seen, write());
      if (seen !== object) assign(metaOf(object), 'managedFields', seen.metadata?.managedFields);
    },
    apply(live, intent, force) {
      const options = { ...write(), kind: resource.row.kind, force };
      const merged = deepCopy(applyConfiguration(live === undefined ? undefined : served(live), intent, options));
      resource.setDefaults(merged);
      return resource.toStorage(merged);
    },
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
    if (schema === undefined) return undefined;
    const storage = resource.isStorageVersion ? object : resource.toStorage(deepCopy(object));
    return { object: resource.fromStorage(storage, version), schema };
  };
}
