import { isObject, type JsonObject } from '@coracle/apimachinery/json';
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
  return entries
    .filter(({ fieldsV1 }) => owns(fieldsV1, shared.inObject))
    .map((entry) => ({ ...entry, apiVersion: shared.viewVersion, fieldsV1: treeOf(shared.inView) }));
}

/** The entries of the object once the view has these; `apiVersion` is that of the object. */
export function entriesOfObject(
  entries: readonly ManagedFieldsEntry[],
  ofView: readonly ManagedFieldsEntry[],
  shared: SharedField,
  apiVersion: string,
): ManagedFieldsEntry[] {
  const owners = new Map(
    ofView.filter(({ fieldsV1 }) => owns(fieldsV1, shared.inView)).map((entry) => [identityOf(entry), entry]),
  );
  const kept = entries.flatMap((entry): ManagedFieldsEntry[] => {
    const isOwner = owners.delete(identityOf(entry));
    if (isOwner || !owns(entry.fieldsV1, shared.inObject)) return [entry];
    const left = without(entry.fieldsV1 as JsonObject, shared.inObject);
    return left === undefined ? [] : [{ ...entry, fieldsV1: left }];
  });
  // Upstream forgets when who comes new came.
  const added = [...owners.values()].map(({ time: _, ...entry }) => ({
    ...entry,
    apiVersion,
    fieldsV1: treeOf(shared.inObject),
  }));
  return [...kept, ...added];
}

function identityOf({ manager, operation, subresource = '' }: ManagedFieldsEntry): string {
  return JSON.stringify([manager, operation, subresource]);
}

function owns(tree: unknown, path: FieldPath): boolean {
  let node = tree;
  for (const name of path) {
    if (!isObject(node)) return false;
    node = node[`f:${name}`];
  }
  return node !== undefined;
}

function treeOf(path: FieldPath): JsonObject {
  return path.reduceRight<JsonObject>((below, name) => ({ [`f:${name}`]: below }), {});
}

/** The tree without the field and without parents that have nothing else; undefined where nothing is left. */
function without(tree: JsonObject, [name, ...rest]: FieldPath): JsonObject | undefined {
  const key = `f:${name}`;
  const { [key]: child, ...others } = tree;
  const left = rest.length > 0 && isObject(child) ? without(child, rest) : undefined;
  const result = left === undefined ? others : { ...others, [key]: left };
  return Object.keys(result).length === 0 ? undefined : result;
}
