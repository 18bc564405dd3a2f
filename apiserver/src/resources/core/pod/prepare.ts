import { deepEqual } from '@coracle/apimachinery/json';
import type { Pod, PodAffinityTerm } from '@coracle/apimachinery/types/core-v1';
import type { LabelSelector } from '@coracle/apimachinery/types/meta-v1';
import type { WriteContext } from '../../shared/registry.ts';
import { restoreStatus } from '../../shared/status.ts';
import { setPodCondition } from './conditions.ts';
import { setPodLevelResources } from './pod-level-resources.ts';
import { qualityOfService } from './quality-of-service.ts';

/** What the server puts on a pod that is being made (pkg/registry/core/pod/strategy.go PrepareForCreate). */
export function preparePodForCreate(pod: Pod, { environment }: WriteContext): void {
  pod.status = { phase: 'Pending' };
  applyLabelKeys(pod);
  setPodLevelResources(pod);
  if (pod.spec?.schedulingGates?.length) {
    const condition = {
      type: 'PodScheduled',
      status: 'False',
      reason: 'SchedulingGated',
      message: 'Scheduling is blocked due to non-empty scheduling gates',
    };
    setPodCondition(pod.status, condition, environment.clock.now());
  }
  pod.status.qosClass = qualityOfService(pod);
}

export function preparePodForUpdate(pod: Pod, old: Pod): void {
  restoreStatus(pod, old);
  // A client that does not know pod-level resources leaves them out without meaning it.
  if (pod.spec && old.spec?.resources) pod.spec.resources ??= structuredClone(old.spec.resources);
}

/** metadata.generation of a pod counts changes of its spec. */
export function podSpecChanged(pod: Pod, old: Pod): boolean {
  return !deepEqual(pod.spec, old.spec);
}

/** `matchLabelKeys` and `mismatchLabelKeys` become part of the selectors they belong to, with the pod's own values. */
function applyLabelKeys({ metadata, spec }: Pod): void {
  const labels = metadata?.labels ?? {};
  for (const affinity of [spec?.affinity?.podAffinity, spec?.affinity?.podAntiAffinity]) {
    for (const term of affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []) applyTermKeys(term, labels);
    for (const { podAffinityTerm } of affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []) {
      applyTermKeys(podAffinityTerm, labels);
    }
  }
  for (const { labelSelector, matchLabelKeys } of spec?.topologySpreadConstraints ?? []) {
    if (labelSelector) requireLabels(labelSelector, matchLabelKeys, 'In', labels);
  }
}

function applyTermKeys(term: PodAffinityTerm, labels: Readonly<Record<string, string>>): void {
  if (!term.labelSelector) return;
  requireLabels(term.labelSelector, term.matchLabelKeys, 'In', labels);
  requireLabels(term.labelSelector, term.mismatchLabelKeys, 'NotIn', labels);
}

function requireLabels(
  selector: LabelSelector,
  keys: readonly string[] | undefined,
  operator: 'In' | 'NotIn',
  labels: Readonly<Record<string, string>>,
): void {
  for (const key of keys ?? []) {
    const value = labels[key];
    if (value !== undefined) (selector.matchExpressions ??= []).push({ key, operator, values: [value] });
  }
}
