import type { KubernetesObject } from '../meta/object-meta.ts';
import type { Schema } from '../schema/schema.ts';
import { compareObjects } from './compare.ts';
import { differenceOf, emptySet, type FieldSet, isEmptySet, unionOf } from './field-set.ts';
import { KnownSets } from './known-sets.ts';
import { capUpdaters, type ManagedEntry, readEntries, sameManager, writeEntries } from './managed-entries.ts';
import {
  type ManagedWrite,
  OwnershipChange,
  reconcileEntries,
  systemFields,
  withoutManagedFields,
} from './ownership.ts';
import { UnkeyedItem } from './path-element.ts';

/**
 * Tracks who owns which field through a create, update or patch that is no apply: what the write changed is the writer's
 * now. Sets `metadata.managedFields` of `object`, which is private; `live` (absent on create) is shared and not touched.
 *
 * A client may send managedFields of its own, `[]` or `[{}]` resets them; malformed ones are ignored. Through a subresource
 * they come from `live` always. Objects that were never tracked stay untracked.
 */
export function updateManagedFields(
  live: KubernetesObject | undefined,
  object: KubernetesObject,
  write: ManagedWrite,
): void {
  const entries = currentEntries(live, object, write);
  const tracked = live === undefined || live.metadata?.uid === undefined || entries.length > 0;
  writeEntries(object, tracked ? entriesIfKeyed(live, object, entries, write) : []);
}

/** Upstream leaves the entries as they are where it cannot tell the items of a list apart. */
function entriesIfKeyed(
  live: KubernetesObject | undefined,
  object: KubernetesObject,
  entries: readonly ManagedEntry[],
  write: ManagedWrite,
): readonly ManagedEntry[] {
  try {
    return entriesAfterUpdate(live, object, entries, write);
  } catch (error) {
    if (error instanceof UnkeyedItem) return entries;
    throw error;
  }
}

function currentEntries(
  live: KubernetesObject | undefined,
  object: KubernetesObject,
  write: ManagedWrite,
): ManagedEntry[] {
  const stored = () => readEntries(live?.metadata?.managedFields ?? []) ?? [];
  if (write.subresource) return stored();
  const sent = object.metadata?.managedFields;
  if (sent === undefined) return stored();
  if (sent.length === 0 || (sent.length === 1 && Object.keys(sent[0] as object).length === 0)) return [];
  const entries = readEntries(sent);
  return entries === undefined || entries.length === 0 ? stored() : entries;
}

/** The entries after `write` turned `live` into `object`. Throws UnkeyedItem. */
export function entriesAfterUpdate(
  live: KubernetesObject | undefined,
  object: KubernetesObject,
  entries: readonly ManagedEntry[],
  write: ManagedWrite,
): readonly ManagedEntry[] {
  const before = withoutManagedFields(live ?? {});
  const after = withoutManagedFields(object);
  if (live === undefined && entries.length === 0) return entriesOfNew(after, write);
  const change = new OwnershipChange(before, after, write);
  const { comparison } = change;
  const known = reconcileEntries(entries, before, write);
  if (comparison === undefined) return known;
  const { entries: others } = change.apply(known);
  const set = differenceOf(unionOf(comparison.modified, comparison.added), systemFields);
  if (isEmptySet(set)) return capUpdaters(others);
  const own = entryOf(set, write);
  const index = others.findIndex((entry) => sameManager(entry, own));
  if (index < 0) others.push(own);
  else others[index] = { ...own, set: unionOf(set, (others[index] as ManagedEntry).set) };
  return capUpdaters(others);
}

/** The sets of new objects, by the fields that a write ignores. */
const newSets = new WeakMap<FieldSet, KnownSets>();

/** Everything that a new object says is its writer's. */
function entriesOfNew(object: KubernetesObject, write: ManagedWrite): readonly ManagedEntry[] {
  const { schema = untyped, ignored = emptySet } = write;
  let known = newSets.get(ignored);
  if (known === undefined) {
    known = new KnownSets();
    newSets.set(ignored, known);
  }
  const set = known.of(object, schema, () => {
    const { added = emptySet, modified = emptySet } = compareObjects({}, object, schema, ignored) ?? {};
    return differenceOf(unionOf(modified, added), systemFields);
  });
  return isEmptySet(set) ? [] : [entryOf(set, write)];
}

const untyped: Schema = { type: 'any' };

function entryOf(set: FieldSet, write: ManagedWrite): ManagedEntry {
  return {
    manager: write.manager === '' ? 'unknown' : write.manager,
    operation: 'Update',
    apiVersion: write.apiVersion,
    subresource: write.subresource ?? '',
    time: write.time,
    set,
  };
}
