import {
  identityOf,
  compareEntries,
  emptySet,
  type FieldSet,
  isEmptySet,
  isFieldSet,
  isSubset,
  setOfPaths,
  withoutTrees,
} from '@coracle/apimachinery/apply';
import type { ManagedFieldsEntry } from '@coracle/apimachinery/meta';
import type { FieldPath } from './strategy.ts';

/**
 * Managed fields of a view such as `scale` and of the object behind it: who owns the one field that both have owns it in both
 * (apimachinery/pkg/util/managedfields/scalehandler.go).
 */
export interface SharedField {
  /** Where it stands in the object, `['spec', 'replicas']`. */
  readonly inObject: FieldPath;
  readonly inView: FieldPath;
  /** API version of the view, `autoscaling/v1`. */
  readonly viewVersion: string;
}

/** The entries that the view has: of everybody who owns the field in the object. */
export function entriesOfView(entries: readonly ManagedFieldsEntry[], shared: SharedField): ManagedFieldsEntry[] {
  const [inObject, inView] = [setOfPaths([shared.inObject]), setOfPaths([shared.inView])];
  return entries
    .filter((entry) => isSubset(inObject, fieldsOf(entry)))
    .map((entry) => ({ ...entry, apiVersion: shared.viewVersion, fieldsV1: { ...inView } }));
}

/** The entries of the object once the view has these; `apiVersion` is that of the object. */
export function entriesOfObject(
  entries: readonly ManagedFieldsEntry[],
  ofView: readonly ManagedFieldsEntry[],
  shared: SharedField,
  apiVersion: string,
): ManagedFieldsEntry[] {
  const [inObject, inView] = [setOfPaths([shared.inObject]), setOfPaths([shared.inView])];
  const owners = new Map(
    ofView.filter((entry) => isSubset(inView, fieldsOf(entry))).map((entry) => [identityOf(entry), entry]),
  );
  const kept = entries.flatMap((entry): ManagedFieldsEntry[] => {
    const isOwner = owners.delete(identityOf(entry));
    const fields = fieldsOf(entry);
    if (isOwner || !isSubset(inObject, fields)) return [entry];
    const left = withoutTrees(fields, inObject);
    return isEmptySet(left) ? [] : [{ ...entry, fieldsV1: { ...left } }];
  });
  // Upstream forgets when who comes new came.
  const added = [...owners.values()].map(({ time: _, ...entry }) => ({
    ...entry,
    apiVersion,
    fieldsV1: { ...inObject },
  }));
  return [...kept, ...added].sort(compareEntries);
}

function fieldsOf({ fieldsV1 }: ManagedFieldsEntry): FieldSet {
  return isFieldSet(fieldsV1) ? fieldsV1 : emptySet;
}
