import { StatefulSets } from '@coracle/apimachinery/resources';
import type { StatefulSet } from '@coracle/apimachinery/types/apps-v1';
import type { PersistentVolumeClaim, Pod, PodTemplateSpec, Volume } from '@coracle/apimachinery/types/core-v1';
import { controllerReference, podFromTemplate } from '../shared/index.ts';

export const revisionLabel = 'controller-revision-hash';
const podNameLabel = 'statefulset.kubernetes.io/pod-name';
const podIndexLabel = 'apps.kubernetes.io/pod-index';

/** The number at the end of a pod's name, when the rest is the set's name. */
export function ordinalOf(set: StatefulSet, pod: Pod): number | undefined {
  const match = /^(.*)-(\d+)$/.exec(pod.metadata?.name ?? '');
  return match?.[1] === set.metadata?.name ? Number(match?.[2]) : undefined;
}

export function startOrdinal(set: StatefulSet): number {
  return set.spec?.ordinals?.start ?? 0;
}

export function wantedReplicas(set: StatefulSet): number {
  return set.spec?.replicas ?? 1;
}

export function isInRange(set: StatefulSet, ordinal: number): boolean {
  return ordinal >= startOrdinal(set) && ordinal < startOrdinal(set) + wantedReplicas(set);
}

export function podRevision(pod: Pod): string | undefined {
  return pod.metadata?.labels?.[revisionLabel];
}

export function claimName(set: StatefulSet, template: PersistentVolumeClaim, ordinal: number): string {
  return `${template.metadata?.name}-${set.metadata?.name}-${ordinal}`;
}

/** The claims of one pod, not yet stored. */
export function claimsFor(set: StatefulSet, ordinal: number): PersistentVolumeClaim[] {
  return (set.spec?.volumeClaimTemplates ?? []).map((template) => ({
    ...template,
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      ...template.metadata,
      name: claimName(set, template, ordinal),
      namespace: set.metadata?.namespace ?? '',
      labels: { ...template.metadata?.labels, ...set.spec?.selector.matchLabels },
    },
  }));
}

export function makePod(
  set: StatefulSet,
  template: PodTemplateSpec | undefined,
  revision: string,
  ordinal: number,
): Pod {
  const pod = podFromTemplate(template, set, controllerReference(set, StatefulSets));
  const name = `${set.metadata?.name}-${ordinal}`;
  const { generateName: _, ...metadata } = pod.metadata ?? {};
  return withIdentity(
    {
      ...pod,
      metadata: { ...metadata, name, labels: { ...metadata.labels, [revisionLabel]: revision } },
      spec: {
        ...(pod.spec ?? { containers: [] }),
        hostname: name,
        ...(set.spec?.serviceName ? { subdomain: set.spec.serviceName } : {}),
      },
    },
    set,
    ordinal,
  );
}

/** The pod with the labels and volumes that its place in the set gives it; the same object when it has them. */
export function withIdentity(pod: Pod, set: StatefulSet, ordinal: number): Pod {
  if (hasIdentity(pod, set, ordinal)) return pod;
  const name = `${set.metadata?.name}-${ordinal}`;
  const claims = new Map(
    (set.spec?.volumeClaimTemplates ?? []).map((template) => [template.metadata?.name ?? '', template]),
  );
  const volumes: Volume[] = [...claims].map(([volume, template]) => ({
    name: volume,
    persistentVolumeClaim: { claimName: claimName(set, template, ordinal) },
  }));
  const others = (pod.spec?.volumes ?? []).filter((volume) => !claims.has(volume.name));
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      labels: { ...pod.metadata?.labels, [podNameLabel]: name, [podIndexLabel]: String(ordinal) },
    },
    spec: {
      ...(pod.spec ?? { containers: [] }),
      ...(volumes.length + others.length > 0 ? { volumes: [...volumes, ...others] } : {}),
    },
  };
}

function hasIdentity(pod: Pod, set: StatefulSet, ordinal: number): boolean {
  if (pod.metadata?.labels?.[podNameLabel] !== pod.metadata?.name) return false;
  return (set.spec?.volumeClaimTemplates ?? []).every((template) =>
    (pod.spec?.volumes ?? []).some(
      (volume) =>
        volume.name === template.metadata?.name &&
        volume.persistentVolumeClaim?.claimName === claimName(set, template, ordinal),
    ),
  );
}
