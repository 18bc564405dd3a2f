import type { KubernetesObject } from '../meta/object-meta.ts';
import { differenceOf, emptySet, type FieldSet, intersectionOf, isEmptySet, isSubset, unionOf } from './field-set.ts';
import type { ManagedEntry } from './managed-entries.ts';
import { atVersion, type ManagedWrite } from './ownership.ts';
import { removeFields, withNamedFields } from './remove.ts';
import { setOfConfiguration } from './tree-of.ts';

/**
 * Takes out of a merged object what the applier named last time (`last`), does not name any more, and nobody else owns
 * (merge.Updater.prune). `managers` are all entries with the applier's new one. Answers the object in the request's version.
 */
export function prune(
  merged: KubernetesObject,
  last: ManagedEntry | undefined,
  managers: readonly ManagedEntry[],
  applied: ManagedEntry,
  write: ManagedWrite,
): KubernetesObject {
  if (last === undefined || isEmptySet(last.set)) return merged;
  if (last.apiVersion === applied.apiVersion && isSubset(last.set, applied.set)) return merged;
  const versioned = atVersion(merged, last.apiVersion, write);
  if (versioned === undefined) return merged;
  const { object, schema } = versioned;
  const lastFields = withNamedFields(last.set, schema);
  const fields = (value: unknown) => withNamedFields(setOfConfiguration(value, schema), schema);
  const all = fields(object);
  const afterRemoval = fields(removeFields(object, lastFields, schema));
  const owned = withNamedFields(ownedAt(last.apiVersion, managers, write, object), schema);
  const unowned = differenceOf(all, unionOf(afterRemoval, owned));
  const afterAddingOwned = fields(removeFields(object, unowned, schema));
  const gone = intersectionOf(differenceOf(all, afterAddingOwned), lastFields);
  const pruned = removeFields(object, gone, schema) as KubernetesObject | undefined;
  if (last.apiVersion === applied.apiVersion || write.toVersion === undefined) return pruned ?? {};
  return write.toVersion(pruned ?? {}, applied.apiVersion)?.object ?? merged;
}

/**
 * What all managers own, as seen at one version. Sets of another version are taken by name: fields that the versions share
 * have the same path, and those that moved are found again by their owner's next apply.
 */
function ownedAt(
  apiVersion: string,
  managers: readonly ManagedEntry[],
  write: ManagedWrite,
  object: KubernetesObject,
): FieldSet {
  let owned = emptySet;
  for (const entry of managers) {
    if (entry.apiVersion !== apiVersion && atVersion(object, entry.apiVersion, write) === undefined) continue;
    owned = unionOf(owned, entry.set);
  }
  return owned;
}
