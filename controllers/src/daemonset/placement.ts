import type { DaemonSet } from '@coracle/apimachinery/types/apps-v1';
import type { Node, Pod, PodSpec, Toleration } from '@coracle/apimachinery/types/core-v1';
import { DaemonSets } from '@coracle/apimachinery/resources';
import { hardEffects, requiredNode, selectable, untoleratedTaint } from '@coracle/apimachinery/scheduling';
import { controllerReference, podFromTemplate } from '../shared/index.ts';

export const revisionHashLabel = 'controller-revision-hash';
const templateGenerationAnnotation = 'deprecated.daemonset.template.generation';
const templateGenerationLabel = 'pod-template-generation';

/** What daemons put up with on any node. */
const daemonTolerations: readonly Toleration[] = [
  { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute' },
  { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute' },
  { key: 'node.kubernetes.io/disk-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/memory-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/pid-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/unschedulable', operator: 'Exists', effect: 'NoSchedule' },
];
const hostNetworkToleration: Toleration = {
  key: 'node.kubernetes.io/network-unavailable',
  operator: 'Exists',
  effect: 'NoSchedule',
};

export interface Placement {
  /** A pod is to be started on the node. */
  readonly shouldRun: boolean;
  /** A pod that is there may stay. */
  readonly mayStay: boolean;
}

export function placementOn(node: Node, set: DaemonSet): Placement {
  const spec = set.spec?.template.spec;
  const nowhere: Placement = { shouldRun: false, mayStay: false };
  if (spec?.nodeName && spec.nodeName !== node.metadata?.name) return nowhere;
  if (requiredNode(spec)?.(selectable(node)) === false) return nowhere;
  const tolerations = tolerationsOf(spec);
  const unbearable = (effects: readonly string[]) =>
    untoleratedTaint(node.spec?.taints, tolerations, effects) !== undefined;
  if (unbearable(hardEffects)) return { shouldRun: false, mayStay: !unbearable(['NoExecute']) };
  return { shouldRun: true, mayStay: true };
}

function tolerationsOf(spec: PodSpec | undefined): Toleration[] {
  const own = spec?.tolerations ?? [];
  const added = spec?.hostNetwork ? [...daemonTolerations, hostNetworkToleration] : daemonTolerations;
  const isSame = (a: Toleration, b: Toleration) =>
    a.key === b.key && a.effect === b.effect && (a.value ?? '') === (b.value ?? '');
  return [...own.filter((toleration) => !added.some((other) => isSame(other, toleration))), ...added];
}

/** The daemon pod of a node: only that node will do. The scheduler binds it. */
export function makeDaemonPod(set: DaemonSet, nodeName: string, hash: string): Pod {
  const pod = podFromTemplate(set.spec?.template, set, controllerReference(set, DaemonSets));
  const spec = pod.spec ?? { containers: [] };
  const generation = set.metadata?.annotations?.[templateGenerationAnnotation];
  const matchFields = [{ key: 'metadata.name', operator: 'In', values: [nodeName] }];
  const affinity = spec.affinity ?? {};
  const required = affinity.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const terms = required?.nodeSelectorTerms.length ? required.nodeSelectorTerms : [{}];
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      labels: {
        ...pod.metadata?.labels,
        ...(generation ? { [templateGenerationLabel]: generation } : {}),
        [revisionHashLabel]: hash,
      },
    },
    spec: {
      ...spec,
      tolerations: tolerationsOf(spec),
      affinity: {
        ...affinity,
        nodeAffinity: {
          ...affinity.nodeAffinity,
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: terms.map((term) => ({ ...term, matchFields })),
          },
        },
      },
    },
  };
}

/** The node that the pod is bound to or made for. */
export function nodeNameOf(pod: Pod): string | undefined {
  if (pod.spec?.nodeName) return pod.spec.nodeName;
  const required = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  for (const term of required?.nodeSelectorTerms ?? []) {
    const field = term.matchFields?.find(({ key, operator }) => key === 'metadata.name' && operator === 'In');
    if (field?.values?.length === 1) return field.values[0];
  }
  return undefined;
}
