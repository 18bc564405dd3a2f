import { badRequest, plainError, StatusError } from '../errors/index.ts';
import { deepEqual } from '../json/index.ts';
import type { KubernetesObject } from '../meta/object-meta.ts';
import { parseGroupVersion } from '../schema/resource.ts';
import { configurationProblems, problemsText } from './check-configuration.ts';
import { conflictError } from './conflicts.ts';
import { differenceOf, isEmptySet, withoutTrees } from './field-set.ts';
import { fieldsOfLastApplied, syncLastApplied, upgradingManager } from './last-applied.ts';
import { type ManagedEntry, readEntries, sameManager, withSet, writeEntries } from './managed-entries.ts';
import { mergeConfiguration } from './merge.ts';
import {
  type Loss,
  type ManagedWrite,
  OwnershipChange,
  reconcileEntries,
  systemFields,
  withoutManagedFields,
} from './ownership.ts';
import { UnkeyedItem } from './path-element.ts';
import { prune } from './prune.ts';
import { setOfConfiguration } from './tree-of.ts';
import { entriesAfterUpdate } from './update-managed-fields.ts';

/** Owner of what was there before the first apply to an untracked object. */
const beforeFirstApply = 'before-first-apply';

export interface ApplyWrite extends ManagedWrite {
  /** Kind that the request's path stands for. */
  readonly kind: string;
  /** Take fields from their present owners instead of failing with a conflict. */
  readonly force: boolean;
}

/**
 * Server-side apply: lays `configuration` over `live` (absent: the object is new), removes what this manager applied before
 * and does not any more, and tracks ownership. Both are in the version of the request and are not changed; the result
 * shares with them, but its `metadata` is its own. It is not defaulted yet.
 *
 * Throws Conflict with a cause per field that others own, BadRequest for a configuration of another kind or one that
 * does not fit the schema.
 */
export function applyConfiguration(
  live: KubernetesObject | undefined,
  configuration: KubernetesObject,
  write: ApplyWrite,
): KubernetesObject {
  checkConfiguration(configuration, write);
  try {
    return appliedTo(live, configuration, write);
  } catch (error) {
    if (!(error instanceof UnkeyedItem)) throw error;
    throw plainError(`failed to create typed live object (${nameOf(configuration)}): ${error.message}`);
  }
}

function appliedTo(
  live: KubernetesObject | undefined,
  configuration: KubernetesObject,
  write: ApplyWrite,
): KubernetesObject {
  const current = withoutManagedFields(live ?? {});
  const entries = trackedEntries(live, current, write);
  let outcome = attempt(current, configuration, entries, write);
  if (outcome.losses.length > 0 && !write.force) {
    const losses = unexpectedLosses(live, outcome.losses, write);
    if (losses.length > 0) throw conflictError(losses);
    outcome = attempt(current, configuration, entries, write);
  }
  const object = { ...outcome.object, metadata: { ...outcome.object.metadata } };
  if (write.manager === upgradingManager) syncLastApplied(object, configuration);
  writeEntries(object, outcome.entries);
  return object;
}

function checkConfiguration(configuration: KubernetesObject, write: ApplyWrite): void {
  const { apiVersion = '', kind = '', metadata } = configuration;
  if (apiVersion !== write.apiVersion || kind !== write.kind) {
    throw badRequest(`invalid object type: ${gvkText(apiVersion, kind)}`);
  }
  if (metadata?.managedFields !== undefined && metadata.managedFields !== null) {
    throw badRequest('metadata.managedFields must be nil');
  }
  const problems = configurationProblems(configuration, write.schema ?? { type: 'any' });
  if (problems.length === 0) return;
  throw plainError(`failed to create typed patch object (${nameOf(configuration)}): ${problemsText(problems)}`);
}

function nameOf({ apiVersion, kind, metadata }: KubernetesObject): string {
  return `${textOf(metadata?.namespace)}/${textOf(metadata?.name)}; ${gvkText(apiVersion, kind)}`;
}

/** What is no text counts as empty, as in Go. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function gvkText(apiVersion: unknown, kind: unknown): string {
  const { group, version } = parseGroupVersion(textOf(apiVersion));
  return `${group}/${version}, Kind=${textOf(kind)}`;
}

function trackedEntries(
  live: KubernetesObject | undefined,
  current: KubernetesObject,
  write: ManagedWrite,
): ManagedEntry[] {
  const stored = readEntries(live?.metadata?.managedFields ?? []);
  if (stored === undefined) {
    throw new StatusError({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: 'failed to decode managed fields: the stored entries are malformed',
      reason: 'InternalError',
      code: 500,
    });
  }
  if (stored.length > 0) return reconcileEntries(stored, current, write);
  if (live === undefined) return [];
  const { ignored: _, ...whole } = write;
  return [...entriesAfterUpdate(undefined, current, [], { ...whole, manager: beforeFirstApply })];
}

interface Outcome {
  readonly object: KubernetesObject;
  readonly entries: readonly ManagedEntry[];
  readonly losses: readonly Loss[];
}

function attempt(
  current: KubernetesObject,
  configuration: KubernetesObject,
  entries: readonly ManagedEntry[],
  write: ApplyWrite,
): Outcome {
  const schema = write.schema ?? { type: 'any' };
  const merged = mergeConfiguration(current, configuration, schema) as KubernetesObject;
  const named = setOfConfiguration(configuration, schema);
  const applied: ManagedEntry = {
    manager: write.manager,
    operation: 'Apply',
    apiVersion: write.apiVersion,
    subresource: write.subresource ?? '',
    time: write.time,
    set: write.ignored === undefined ? named : withoutTrees(named, write.ignored),
  };
  const last = entries.find((entry) => sameManager(entry, applied));
  const others = entries.filter((entry) => entry !== last);
  const object = prune(merged, last, [...others, applied], applied, write);
  const { entries: kept, losses } = new OwnershipChange(current, object, write).apply(others);
  const unchanged = deepEqual(current, object);
  const own = ownEntry(applied, last, unchanged);
  return { object, entries: own === undefined ? kept : [...kept, own], losses };
}

/** The applier's entry. An apply that changed nothing keeps its time, so that repeating it writes nothing. */
function ownEntry(applied: ManagedEntry, last: ManagedEntry | undefined, unchanged: boolean): ManagedEntry | undefined {
  const set = differenceOf(applied.set, systemFields);
  if (isEmptySet(set)) return undefined;
  return withSet(unchanged ? { ...applied, time: last?.time } : applied, set);
}

/** Losses that no client-side apply explains. */
function unexpectedLosses(
  live: KubernetesObject | undefined,
  losses: readonly Loss[],
  write: ManagedWrite,
): readonly Loss[] {
  if (write.manager !== upgradingManager || live === undefined) return losses;
  const allowed = fieldsOfLastApplied(live, write);
  if (allowed === undefined) return losses;
  return losses
    .map(({ entry, fields }) => ({ entry, fields: differenceOf(fields, allowed) }))
    .filter(({ fields }) => !isEmptySet(fields));
}
