import type { Job } from '@coracle/apimachinery/types/batch-v1';
import type { Container, ContainerStatus, Pod } from '@coracle/apimachinery/types/core-v1';
import { Jobs } from '@coracle/apimachinery/resources';
import { controllerReference, createdAt, findCondition, parseTime, podFromTemplate } from '../shared/index.ts';
import { failurePolicyOf } from './pod-failure-policy.ts';

export const trackingFinalizer = 'batch.kubernetes.io/job-tracking';
export const completionIndexKey = 'batch.kubernetes.io/job-completion-index';
const failureCountKey = 'batch.kubernetes.io/job-index-failure-count';
const ignoredFailureCountKey = 'batch.kubernetes.io/job-index-ignored-failure-count';
const completionIndexVariable = 'JOB_COMPLETION_INDEX';
/** Longest prefix that leaves room for the generated suffix. */
const generateNameCharactersMax = 58;

export function isIndexed(job: Job): boolean {
  return job.spec?.completionMode === 'Indexed';
}

export function isSuspended(job: Job): boolean {
  return job.spec?.suspend === true;
}

export function onlyReplacesFailed(job: Job): boolean {
  return job.spec?.podReplacementPolicy === 'Failed';
}

export function hasBackoffPerIndex(job: Job): boolean {
  return job.spec?.backoffLimitPerIndex !== undefined;
}

export function hasTrackingFinalizer(pod: Pod): boolean {
  return pod.metadata?.finalizers?.includes(trackingFinalizer) === true;
}

/** The pod's completion index; undefined when it has none that counts. */
export function completionIndex(pod: Pod): number | undefined {
  const text = pod.metadata?.annotations?.[completionIndexKey];
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

/** The index, when it is one of the job's. */
export function validIndex(pod: Pod, job: Job): number | undefined {
  const index = completionIndex(pod);
  return index !== undefined && index < (job.spec?.completions ?? 0) ? index : undefined;
}

/** Failed, or leaving without having succeeded where a leaving pod is replaced at once. */
export function isPodFailed(pod: Pod, job: Job): boolean {
  if (pod.status?.phase === 'Failed') return true;
  if (onlyReplacesFailed(job)) return false;
  return pod.metadata?.deletionTimestamp !== undefined && pod.status?.phase !== 'Succeeded';
}

/** Failures of the index before this pod. */
export function indexFailures(pod: Pod): number {
  return countAnnotation(pod, failureCountKey);
}

/** Failures of the index before this pod, those included that the failure policy ignores. */
export function allIndexFailures(pod: Pod): number {
  return indexFailures(pod) + countAnnotation(pod, ignoredFailureCountKey);
}

function countAnnotation(pod: Pod, key: string): number {
  const text = pod.metadata?.annotations?.[key];
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : 0;
}

/** When the pod came to its end, as well as can be told. */
export function finishedAt(pod: Pod): number {
  return fromContainers(pod) ?? fromReadiness(pod) ?? fromDeletion(pod) ?? createdAt(pod);
}

function fromContainers(pod: Pod): number | undefined {
  const sidecars = new Set(
    (pod.spec?.initContainers ?? []).flatMap(({ name, restartPolicy }) => (restartPolicy === 'Always' ? [name] : [])),
  );
  const statuses: ContainerStatus[] = [
    ...(pod.status?.containerStatuses ?? []),
    ...(pod.status?.initContainerStatuses ?? []).filter(({ name }) => sidecars.has(name)),
  ];
  let latest: number | undefined;
  for (const { state } of statuses) {
    const time = parseTime(state?.terminated?.finishedAt);
    if (time === undefined) return undefined;
    latest = Math.max(latest ?? 0, time);
  }
  return latest;
}

function fromReadiness(pod: Pod): number | undefined {
  const ready = findCondition(pod.status?.conditions, 'Ready');
  return ready?.status === 'False' ? parseTime(ready.lastTransitionTime) : undefined;
}

function fromDeletion(pod: Pod): number | undefined {
  const deletion = parseTime(pod.metadata?.deletionTimestamp);
  return deletion === undefined ? undefined : deletion - (pod.metadata?.deletionGracePeriodSeconds ?? 0) * 1000;
}

/** The next pod of the job; `replaced` is the failed pod of the same index whose failures it inherits. */
export function makePod(job: Job, index: number | undefined, replaced: Pod | undefined): Pod {
  const pod = podFromTemplate(job.spec?.template, job, controllerReference(job, Jobs));
  const finalizers = pod.metadata?.finalizers ?? [];
  const metadata = {
    ...pod.metadata,
    finalizers: finalizers.includes(trackingFinalizer) ? finalizers : [...finalizers, trackingFinalizer],
  };
  if (index === undefined) return { ...pod, metadata };
  const suffix = `-${index}-`;
  const name = job.metadata?.name ?? '';
  const spec = pod.spec ?? { containers: [] };
  return {
    ...pod,
    metadata: {
      ...metadata,
      generateName: `${name.slice(0, generateNameCharactersMax - suffix.length)}${suffix}`,
      labels: { ...metadata.labels, [completionIndexKey]: String(index) },
      annotations: {
        ...metadata.annotations,
        [completionIndexKey]: String(index),
        ...(hasBackoffPerIndex(job) ? failureAnnotations(job, replaced) : {}),
      },
    },
    spec: {
      ...spec,
      hostname: `${name}-${index}`,
      containers: spec.containers.map(withIndexVariable),
      ...(spec.initContainers ? { initContainers: spec.initContainers.map(withIndexVariable) } : {}),
    },
  };
}

function failureAnnotations(job: Job, replaced: Pod | undefined): Record<string, string> {
  if (!replaced) return { [failureCountKey]: '0' };
  const counts = failurePolicyOf(job, replaced).countsAsFailure;
  const failures = indexFailures(replaced) + (counts ? 1 : 0);
  const ignored = countAnnotation(replaced, ignoredFailureCountKey) + (counts ? 0 : 1);
  return { [failureCountKey]: String(failures), ...(ignored > 0 ? { [ignoredFailureCountKey]: String(ignored) } : {}) };
}

function withIndexVariable(container: Container): Container {
  if (container.env?.some(({ name }) => name === completionIndexVariable)) return container;
  const variable = {
    name: completionIndexVariable,
    valueFrom: { fieldRef: { fieldPath: `metadata.labels['${completionIndexKey}']` } },
  };
  return { ...container, env: [...(container.env ?? []), variable] };
}
