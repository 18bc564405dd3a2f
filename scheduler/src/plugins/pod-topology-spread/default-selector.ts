import { LabelSelector, selectorOf, selectorOfLabels } from '@coracle/apimachinery/selectors';
import type { PodInfo } from '../../cache/pod-info.ts';
import type { Listers } from '../../framework/cluster.ts';

/**
 * The pods that belong together with this one where it does not say so itself: those of the services that select it and of
 * the controller that owns it. Undefined where there are none (plugins/helper/spread.go).
 */
export function defaultSelector(pod: PodInfo, listers: Listers): LabelSelector | undefined {
  const labels: Record<string, string> = {};
  for (const { spec } of listers.services.list(pod.namespace)) {
    if (spec?.selector && selectorOfLabels(spec.selector).matches(pod.labels)) Object.assign(labels, spec.selector);
  }
  const owner = pod.pod.metadata?.ownerReferences?.find((reference) => reference.controller);
  const ownerKind = owner && `${owner.apiVersion} ${owner.kind}`;
  if (ownerKind === 'v1 ReplicationController') {
    Object.assign(labels, listers.replicationControllers.get(owner?.name ?? '', pod.namespace)?.spec?.selector);
  }
  const selector = selectorOfLabels(labels).and(ownerRequirements(ownerKind, owner?.name ?? '', pod, listers));
  return selector.empty ? undefined : selector;
}

function ownerRequirements(kind: string | undefined, name: string, { namespace }: PodInfo, listers: Listers) {
  const lister =
    kind === 'apps/v1 ReplicaSet'
      ? listers.replicaSets
      : kind === 'apps/v1 StatefulSet'
        ? listers.statefulSets
        : undefined;
  const owned = lister?.get(name, namespace)?.spec?.selector;
  return owned ? selectorOf(owned).requirements : [];
}
