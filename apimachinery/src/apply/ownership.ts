import type { KubernetesObject } from '../meta/object-meta.ts';
import type { Schema } from '../schema/schema.ts';
import { type Comparison, compareObjects } from './compare.ts';
import { differenceOf, type FieldSet, intersectionOf, isEmptySet, setOfPaths, unionOf } from './field-set.ts';
import { type ManagedEntry, withSet } from './managed-entries.ts';
import { reconcileWithSchema } from './remove.ts';

/** An object in one API version, with the schema of that version. */
export interface VersionedObject {
  readonly object: KubernetesObject;
  readonly schema: Schema;
}

/** The object in another API version of its kind; undefined where that version is not served (its entries are dropped). */
export type ToVersion = (object: KubernetesObject, apiVersion: string) => VersionedObject | undefined;

/** Who writes, through which endpoint. */
export interface ManagedWrite {
  /** Schema of the object in `apiVersion`; absent for custom resources without one. */
  readonly schema?: Schema | undefined;
  /** Field manager as the request names it, or the program name of its User-Agent. */
  readonly manager: string;
  /** `apps/v1`: version of the request, which is the version of both objects. */
  readonly apiVersion: string;
  /** Empty or absent for the main resource. */
  readonly subresource?: string | undefined;
  /** RFC 3339 in whole seconds. */
  readonly time: string;
  /** Fields that this endpoint resets (`setOfPaths`): nobody owns them through it. */
  readonly ignored?: FieldSet | undefined;
  /** Needed only for kinds that have several versions. */
  readonly toVersion?: ToVersion | undefined;
}

/** Fields that belong to the system, which no manager owns. */
export const systemFields = setOfPaths([
  ['apiVersion'],
  ['kind'],
  ['metadata'],
  ...[
    'name',
    'namespace',
    'creationTimestamp',
    'selfLink',
    'uid',
    'clusterName',
    'generation',
    'managedFields',
    'resourceVersion',
  ].map((name) => ['metadata', name]),
]);

/** The object without its managed fields, which are nobody's field and large. */
export function withoutManagedFields<T extends KubernetesObject>(object: T): T {
  if (object.metadata?.managedFields === undefined) return object;
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}

/** An entry that loses fields, and the fields. */
export interface Loss {
  readonly entry: ManagedEntry;
  readonly fields: FieldSet;
}

/**
 * What a change of an object means for the managers that did not make it: fields that were removed belong to nobody,
 * fields that changed are no longer theirs (`losses` names those, for conflicts).
 */
export class OwnershipChange {
  readonly #before: KubernetesObject;
  readonly #after: KubernetesObject;
  readonly #write: ManagedWrite;
  readonly #comparisons = new Map<string, Comparison | undefined | 'unserved'>();

  constructor(before: KubernetesObject, after: KubernetesObject, write: ManagedWrite) {
    this.#before = before;
    this.#after = after;
    this.#write = write;
  }

  /** What changed, at the version of the request; undefined for nothing. */
  get comparison(): Comparison | undefined {
    const comparison = this.#at(this.#write.apiVersion);
    return comparison === 'unserved' ? undefined : comparison;
  }

  #at(apiVersion: string): Comparison | undefined | 'unserved' {
    const known = this.#comparisons.get(apiVersion);
    if (known !== undefined || this.#comparisons.has(apiVersion)) return known;
    const comparison = this.#compareAt(apiVersion);
    this.#comparisons.set(apiVersion, comparison);
    return comparison;
  }

  #compareAt(apiVersion: string): Comparison | undefined | 'unserved' {
    const before = atVersion(this.#before, apiVersion, this.#write);
    const after = atVersion(this.#after, apiVersion, this.#write);
    if (before === undefined || after === undefined) return 'unserved';
    return compareObjects(before.object, after.object, after.schema, this.#write.ignored);
  }

  /** The entries after the change, and what each lost to the writer. */
  apply(entries: readonly ManagedEntry[]): { entries: ManagedEntry[]; losses: Loss[] } {
    const kept: ManagedEntry[] = [];
    const losses: Loss[] = [];
    for (const entry of entries) {
      const comparison = this.#at(entry.apiVersion);
      if (comparison === 'unserved') continue;
      if (comparison === undefined) {
        kept.push(entry);
        continue;
      }
      const changed = unionOf(comparison.modified, comparison.added);
      const fields = intersectionOf(entry.set, changed);
      if (!isEmptySet(fields)) losses.push({ entry, fields });
      const set = differenceOf(differenceOf(entry.set, changed), comparison.removed);
      if (!isEmptySet(set)) kept.push(withSet(entry, set));
    }
    return { entries: kept, losses };
  }
}

/** The object as a manager of `apiVersion` sees it. */
export function atVersion(
  object: KubernetesObject,
  apiVersion: string,
  write: ManagedWrite,
): VersionedObject | undefined {
  if (apiVersion === write.apiVersion || write.toVersion === undefined) {
    return { object, schema: write.schema ?? { type: 'any' } };
  }
  return write.toVersion(object, apiVersion);
}

/** Entries of versions that are served, with sets that fit today's schema. */
export function reconcileEntries(
  entries: readonly ManagedEntry[],
  object: KubernetesObject,
  write: ManagedWrite,
): ManagedEntry[] {
  return entries.flatMap((entry) => {
    const versioned = atVersion(object, entry.apiVersion, write);
    return versioned === undefined ? [] : [withSet(entry, reconcileWithSchema(entry.set, versioned.schema))];
  });
}
