import type { KubernetesObject } from '@coracle/apimachinery/meta';
import { ControllerRevisions, Jobs, PersistentVolumeClaims, Pods, ReplicaSets } from '@coracle/apimachinery/resources';
import type { Pod } from '@coracle/apimachinery/types/core-v1';
import type { Informers, Lister } from '@coracle/client/informer';
import { controllerOf } from './owners.ts';

const controllerIndex = 'controller';
/** Pods by the node they are bound to. */
export const nodeIndex = 'node';
/** Pods by `namespace/name` of the claims they use, claims of ephemeral volumes included. */
export const claimIndex = 'claim';

/** Indexes that more than one controller reads. Called once, before any informer starts. */
export function addSharedIndexes(informers: Informers): void {
  for (const resource of [Pods, ReplicaSets, ControllerRevisions, Jobs, PersistentVolumeClaims]) {
    informers.for<KubernetesObject>(resource).addIndex(controllerIndex, (object) => [controllerKey(object)]);
  }
  const pods = informers.for(Pods);
  pods.addIndex(nodeIndex, (pod) => (pod.spec?.nodeName ? [pod.spec.nodeName] : []));
  pods.addIndex(claimIndex, claimKeys);
}

function controllerKey(object: KubernetesObject): string {
  return controllerOf(object)?.uid ?? `orphans/${object.metadata?.namespace ?? ''}`;
}

/** What the owner manages, as the cache has it. */
export function childrenOf<T extends KubernetesObject>(lister: Lister<T>, owner: KubernetesObject): readonly T[] {
  return lister.byIndex(controllerIndex, owner.metadata?.uid ?? '');
}

/** What the owner manages plus what nobody in its namespace does: the candidates of a claim. */
export function childrenAndOrphans<T extends KubernetesObject>(
  lister: Lister<T>,
  owner: KubernetesObject,
): readonly T[] {
  const orphans = lister.byIndex(controllerIndex, `orphans/${owner.metadata?.namespace ?? ''}`);
  return orphans.length === 0 ? childrenOf(lister, owner) : [...childrenOf(lister, owner), ...orphans];
}

/** `namespace/name` of every claim that the pod uses. */
export function claimKeys(pod: Pod): string[] {
  const { namespace = '', name = '' } = pod.metadata ?? {};
  const keys: string[] = [];
  for (const volume of pod.spec?.volumes ?? []) {
    if (volume.persistentVolumeClaim) keys.push(`${namespace}/${volume.persistentVolumeClaim.claimName}`);
    else if (volume.ephemeral) keys.push(`${namespace}/${name}-${volume.name}`);
  }
  return keys;
}
