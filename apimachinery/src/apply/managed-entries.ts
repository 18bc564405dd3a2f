import { isObject } from '../json/index.ts';
import type { KubernetesObject, ManagedFieldsEntry } from '../meta/object-meta.ts';
import { emptySet, type FieldSet, isEmptySet, unionOf } from './field-set.ts';

/** Update entries of one object; the oldest beyond that are merged into `ancient-changes`. */
const updateManagersMax = 10;
const ancientManager = 'ancient-changes';

/** One entry of managedFields with its parts in place. Never changed, replaced where something changes. */
export interface ManagedEntry {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  readonly subresource: string;
  /** RFC 3339, whole seconds; undefined where it was never known. */
  readonly time: string | undefined;
  readonly set: FieldSet;
  /** The wire form this came from, given back where nothing changed. */
  readonly source?: ManagedFieldsEntry;
}

/**
 * The entries of an object; undefined where they are malformed, which upstream takes for "none". Entries that a client
 * sent are checked down to their elements, since sets are used as they are.
 */
export function readEntries(entries: readonly ManagedFieldsEntry[]): ManagedEntry[] | undefined {
  const result = new Map<string, ManagedEntry>();
  for (const entry of entries) {
    const { operation, apiVersion, fieldsType, fieldsV1 = emptySet } = entry;
    if ((operation !== 'Apply' && operation !== 'Update') || !apiVersion || fieldsType !== 'FieldsV1') return undefined;
    if (!isFieldSet(fieldsV1)) return undefined;
    const { manager = '', subresource = '' } = entry;
    // The last one of a manager counts.
    result.set(identityOf(entry), {
      manager,
      operation,
      apiVersion,
      subresource,
      time: entry.time,
      set: fieldsV1,
      source: entry,
    });
  }
  return [...result.values()];
}

/**
 * Who an entry is of, as upstream tells entries apart: an applier is the same at every version, an updater another one at
 * another version.
 */
export function identityOf({ manager, operation, subresource = '', apiVersion }: ManagedFieldsEntry): string {
  return JSON.stringify([manager, operation, subresource, operation === 'Apply' ? '' : apiVersion]);
}

const checkedSets = new WeakSet<object>();

/** Whether it is a set down to its elements: what a client sent may be anything. */
export function isFieldSet(value: unknown): value is FieldSet {
  if (!isObject(value)) return false;
  if (checkedSets.has(value)) return true;
  for (const element in value) {
    if (element !== '.' && (element[1] !== ':' || !'fkvi'.includes(element[0] as string))) return false;
    if (!isFieldSet(value[element])) return false;
  }
  checkedSets.add(value);
  return true;
}

/** The same for entries that were read, without a text for each. */
export function sameManager(a: ManagedEntry, b: ManagedEntry): boolean {
  return (
    a.operation === b.operation &&
    a.manager === b.manager &&
    a.subresource === b.subresource &&
    (a.operation === 'Apply' || a.apiVersion === b.apiVersion)
  );
}

/** The entry with another set; the same one where it does not differ. */
export function withSet(entry: ManagedEntry, set: FieldSet): ManagedEntry {
  if (set === entry.set) return entry;
  const { source: _, ...rest } = entry;
  return { ...rest, set };
}

/** Puts the entries on an object, sorted as upstream does; without any the field goes. */
export function writeEntries(object: KubernetesObject, entries: readonly ManagedEntry[]): void {
  const kept = entries.filter((entry) => !isEmptySet(entry.set)).sort(compareEntries);
  object.metadata ??= {};
  if (kept.length === 0) delete object.metadata.managedFields;
  else object.metadata.managedFields = kept.map(wireForm);
}

function wireForm(entry: ManagedEntry): ManagedFieldsEntry {
  if (entry.source !== undefined) return entry.source;
  const wire: ManagedFieldsEntry = {};
  if (entry.manager !== '') wire.manager = entry.manager;
  wire.operation = entry.operation;
  wire.apiVersion = entry.apiVersion;
  if (entry.time !== undefined) wire.time = entry.time;
  wire.fieldsType = 'FieldsV1';
  wire.fieldsV1 = entry.set as Record<string, unknown>;
  if (entry.subresource !== '') wire.subresource = entry.subresource;
  return wire;
}

interface Identity {
  readonly operation?: string | undefined;
  readonly time?: string | undefined;
  readonly manager?: string | undefined;
  readonly apiVersion?: string | undefined;
  readonly subresource?: string | undefined;
}

/** The order in which entries are written. */
export function compareEntries(a: Identity, b: Identity): number {
  return (
    compare(a.operation, b.operation) ||
    compare(a.time, b.time) ||
    compare(a.manager, b.manager) ||
    compare(a.apiVersion, b.apiVersion) ||
    compare(a.subresource, b.subresource)
  );
}

function compare(a = '', b = ''): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Merges the oldest update entries of each version into one until few enough are left. */
export function capUpdaters(entries: readonly ManagedEntry[]): readonly ManagedEntry[] {
  const updaters = entries.filter((entry) => entry.operation === 'Update');
  let excess = updaters.length - updateManagersMax;
  if (excess <= 0) return entries;
  updaters.sort((a, b) => compare(a.time, b.time) || compare(a.manager, b.manager));
  const remaining = new Set(entries);
  const firstOfVersion = new Map<string, ManagedEntry>();
  for (const entry of updaters) {
    if (excess <= 0) break;
    const first = firstOfVersion.get(entry.apiVersion);
    if (first !== undefined) {
      remaining.delete(first);
      remaining.delete(entry);
      excess--;
    }
    const { source: _, ...rest } = first ?? entry;
    const bucket = {
      ...rest,
      manager: ancientManager,
      subresource: '',
      set: unionOf(entry.set, rest.set),
      time: entry.time,
    };
    if (first !== undefined) remaining.add(bucket);
    firstOfVersion.set(entry.apiVersion, first === undefined ? entry : bucket);
  }
  return [...remaining];
}
