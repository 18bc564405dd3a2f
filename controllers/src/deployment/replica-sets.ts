import type { Deployment, ReplicaSet } from '@coracle/apimachinery/types/apps-v1';
import type { PodTemplateSpec } from '@coracle/apimachinery/types/core-v1';
import { ReplicaSets, Deployments } from '@coracle/apimachinery/resources';
import { groupVersion } from '@coracle/apimachinery/schema';
import { byCreation, controllerReference, deepEqual, hashOf, scaledValue } from '../shared/index.ts';

export const templateHashLabel = 'pod-template-hash';
export const annotations = {
  revision: 'deployment.kubernetes.io/revision',
  revisionHistory: 'deployment.kubernetes.io/revision-history',
  desiredReplicas: 'deployment.kubernetes.io/desired-replicas',
  maxReplicas: 'deployment.kubernetes.io/max-replicas',
  rollbackTo: 'deprecated.deployment.rollback.revision',
  lastApplied: 'kubectl.kubernetes.io/last-applied-configuration',
} as const;

/** Annotations that belong to the Deployment or to the ReplicaSet alone and are not copied from one to the other. */
export const ownAnnotations: ReadonlySet<string> = new Set(Object.values(annotations));

const revisionHistoryCharactersMax = 2000;
const objectNameCharactersMax = 253;

/** A Deployment's ReplicaSets: the one of the current template, and the rest. */
export interface ReplicaSetsView {
  readonly current: ReplicaSet | undefined;
  readonly old: readonly ReplicaSet[];
}

export function wantedReplicas(object: Deployment | ReplicaSet): number {
  return object.spec?.replicas ?? 1;
}

export function classify(deployment: Deployment, sets: readonly ReplicaSet[]): ReplicaSetsView {
  const sorted = [...sets].sort(byCreation);
  const current = sorted.find((set) => sameTemplate(set.spec?.template, deployment.spec?.template));
  return { current, old: sorted.filter((set) => set !== current) };
}

/** Equality of templates but for the hash label that the controller adds. */
export function sameTemplate(a: PodTemplateSpec | undefined, b: PodTemplateSpec | undefined): boolean {
  return deepEqual(withoutHash(a), withoutHash(b));
}

export function withoutHash(template: PodTemplateSpec | undefined): PodTemplateSpec | undefined {
  if (template?.metadata?.labels?.[templateHashLabel] === undefined) return template;
  const { [templateHashLabel]: _, ...labels } = template.metadata.labels;
  return { ...template, metadata: { ...template.metadata, labels } };
}

export function active(sets: readonly ReplicaSet[]): ReplicaSet[] {
  return sets.filter((set) => wantedReplicas(set) > 0);
}

/** 0 where there is none. Revisions are 64 bits wide. */
export function revisionOf(object: ReplicaSet | Deployment): bigint {
  const text = object.metadata?.annotations?.[annotations.revision];
  return text !== undefined && /^\d+$/.test(text) ? BigInt(text) : 0n;
}

export function byRevision(a: ReplicaSet, b: ReplicaSet): number {
  const difference = revisionOf(a) - revisionOf(b);
  return difference < 0n ? -1 : difference > 0n ? 1 : byCreation(a, b);
}

export function maxRevision(sets: readonly ReplicaSet[]): bigint {
  return sets.map(revisionOf).reduce((most, revision) => (revision > most ? revision : most), 0n);
}

/** Surge and unavailability as counts; both zero would never move, so one may be unavailable. */
export function rollingLimits(deployment: Deployment): { readonly maxSurge: number; readonly maxUnavailable: number } {
  if (deployment.spec?.strategy?.type === 'Recreate') return { maxSurge: 0, maxUnavailable: 0 };
  const rolling = deployment.spec?.strategy?.rollingUpdate;
  const replicas = wantedReplicas(deployment);
  const maxSurge = scaledValue(rolling?.maxSurge, replicas, true);
  const unavailable = scaledValue(rolling?.maxUnavailable, replicas, false);
  return { maxSurge, maxUnavailable: Math.min(maxSurge === 0 && unavailable === 0 ? 1 : unavailable, replicas) };
}

/** How many replicas the set of the current template may have now without exceeding the surge. */
export function newSetReplicas(deployment: Deployment, all: readonly ReplicaSet[], currentReplicas: number): number {
  const wanted = wantedReplicas(deployment);
  if (deployment.spec?.strategy?.type === 'Recreate') return wanted;
  const total = all.reduce((sum, set) => sum + wantedReplicas(set), 0);
  const room = wanted + scaledValue(deployment.spec?.strategy?.rollingUpdate?.maxSurge, wanted, true) - total;
  return room <= 0 ? currentReplicas : currentReplicas + Math.min(room, wanted - currentReplicas);
}

/** The ReplicaSet of the current template, not yet stored. */
export function makeReplicaSet(deployment: Deployment, old: readonly ReplicaSet[]): ReplicaSet {
  const { name = '', namespace = '' } = deployment.metadata ?? {};
  const template = deployment.spec?.template;
  const hash = hashOf(template, deployment.status?.collisionCount);
  const labels = { ...template?.metadata?.labels, [templateHashLabel]: hash };
  const selector = deployment.spec?.selector;
  const minReadySeconds = deployment.spec?.minReadySeconds;
  const replicaSet: ReplicaSet = {
    apiVersion: groupVersion(ReplicaSets),
    kind: ReplicaSets.kind,
    metadata: {
      name: `${name.slice(0, objectNameCharactersMax - hash.length - 1)}-${hash}`,
      namespace,
      ownerReferences: [controllerReference(deployment, Deployments)],
      labels,
    },
    spec: {
      replicas: newSetReplicas(deployment, old, 0),
      ...(minReadySeconds ? { minReadySeconds } : {}),
      selector: { ...selector, matchLabels: { ...selector?.matchLabels, [templateHashLabel]: hash } },
      template: { ...template, metadata: { ...template?.metadata, labels } },
    },
  };
  return withReplicaAnnotations(withDeploymentAnnotations(replicaSet, deployment, maxRevision(old) + 1n), deployment);
}

/** The set with the Deployment's annotations copied and its revision raised; the same object when nothing changes. */
export function withDeploymentAnnotations(set: ReplicaSet, deployment: Deployment, revision: bigint): ReplicaSet {
  const before = set.metadata?.annotations ?? {};
  const after: Record<string, string> = { ...before };
  for (const [key, value] of Object.entries(deployment.metadata?.annotations ?? {})) {
    if (!ownAnnotations.has(key)) after[key] = value;
  }
  const previous = before[annotations.revision];
  if (revisionOf(set) < revision) {
    after[annotations.revision] = String(revision);
    if (previous !== undefined) {
      after[annotations.revisionHistory] = appendRevision(before[annotations.revisionHistory] ?? '', previous);
    }
  }
  return deepEqual(before, after) ? set : withAnnotations(set, after);
}

function appendRevision(history: string, revision: string): string {
  const revisions = history === '' ? [] : history.split(',');
  revisions.push(revision);
  while (revisions.length > 1 && revisions.join(',').length > revisionHistoryCharactersMax) revisions.shift();
  return revisions.join(',');
}

/** The set with the sizes that it was scaled for, which proportional scaling reads later. */
export function withReplicaAnnotations(set: ReplicaSet, deployment: Deployment): ReplicaSet {
  const wanted = wantedReplicas(deployment);
  const sizes = {
    [annotations.desiredReplicas]: String(wanted),
    [annotations.maxReplicas]: String(wanted + rollingLimits(deployment).maxSurge),
  };
  const before = set.metadata?.annotations ?? {};
  const same = Object.entries(sizes).every(([key, value]) => before[key] === value);
  return same ? set : withAnnotations(set, { ...before, ...sizes });
}

function withAnnotations(set: ReplicaSet, next: Record<string, string>): ReplicaSet {
  return { ...set, metadata: { ...set.metadata, annotations: next } };
}

export function countAnnotation(set: ReplicaSet, key: string): number | undefined {
  const text = set.metadata?.annotations?.[key];
  return text !== undefined && /^\d+$/.test(text) && Number(text) <= 0x7fffffff ? Number(text) : undefined;
}
