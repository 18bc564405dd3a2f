import type { NamespaceCondition } from '@coracle/apimachinery/types/core-v1';
import { findCondition, formatTime } from '../shared/index.ts';

/** What a round of deletion came to. */
export interface DeletionOutcome {
  readonly discoveryError?: string;
  readonly contentErrors: readonly string[];
  /** `resource.group` → objects that remain; absent where only pods were looked at yet. */
  readonly remaining?: ReadonlyMap<string, number>;
  readonly finalizers?: ReadonlyMap<string, number>;
}

/** Condition types in order, each with what it says when all is well. */
const fine = [
  ['NamespaceDeletionDiscoveryFailure', 'ResourcesDiscovered', 'All resources successfully discovered'],
  ['NamespaceDeletionGroupVersionParsingFailure', 'ParsedGroupVersions', 'All legacy kube types successfully parsed'],
  [
    'NamespaceDeletionContentFailure',
    'ContentDeleted',
    'All content successfully deleted, may be waiting on finalization',
  ],
  ['NamespaceContentRemaining', 'ContentRemoved', 'All content successfully removed'],
  ['NamespaceFinalizersRemaining', 'ContentHasNoFinalizers', 'All content-preserving finalizers finished'],
] as const;

/** The namespace's conditions after a round; the same list when nothing changed. */
export function namespaceConditions(
  conditions: readonly NamespaceCondition[] | undefined,
  outcome: DeletionOutcome,
  nowMs: number,
): readonly NamespaceCondition[] {
  const troubles = troublesOf(outcome);
  let next = conditions ?? [];
  for (const [type, okReason, okMessage] of fine) {
    const trouble = troubles.get(type);
    const wanted = trouble
      ? { type, status: 'True', ...trouble }
      : { type, status: 'False', reason: okReason, message: okMessage };
    const current = findCondition(next, type);
    if (current?.status === wanted.status && current.reason === wanted.reason && current.message === wanted.message)
      continue;
    const time = current?.status === wanted.status ? current.lastTransitionTime : undefined;
    const condition = { ...wanted, lastTransitionTime: time ?? formatTime(nowMs) };
    next = current ? next.map((entry) => (entry === current ? condition : entry)) : [...next, condition];
  }
  return next;
}

function troublesOf(outcome: DeletionOutcome): Map<string, { reason: string; message: string }> {
  const troubles = new Map<string, { reason: string; message: string }>();
  const { discoveryError, contentErrors, remaining, finalizers } = outcome;
  if (discoveryError !== undefined) {
    troubles.set('NamespaceDeletionDiscoveryFailure', { reason: 'DiscoveryFailed', message: discoveryError });
  }
  if (contentErrors.length > 0) {
    const list = [...contentErrors].sort().join(', ');
    const message = `Failed to delete all resource types, ${contentErrors.length} remaining: ${list}`;
    troubles.set('NamespaceDeletionContentFailure', { reason: 'ContentDeletionFailed', message });
  }
  if (remaining?.size) {
    const list = [...remaining].map(([resource, count]) => `${resource} has ${count} resource instances`).sort();
    const message = `Some resources are remaining: ${list.join(', ')}`;
    troubles.set('NamespaceContentRemaining', { reason: 'SomeResourcesRemain', message });
  }
  if (finalizers?.size) {
    const list = [...finalizers].map(([finalizer, count]) => `${finalizer} in ${count} resource instances`).sort();
    const message = `Some content in the namespace has finalizers remaining: ${list.join(', ')}`;
    troubles.set('NamespaceFinalizersRemaining', { reason: 'SomeFinalizersRemain', message });
  }
  return troubles;
}
