import { isStatus } from '@coracle/apimachinery/errors';
import type { KubernetesObject, OwnerReference } from '@coracle/apimachinery/meta';
import { Deployments, ReplicaSets, ReplicationControllers, StatefulSets } from '@coracle/apimachinery/resources';
import { parseGroupVersion, type ResourceRef } from '@coracle/apimachinery/schema';
import type { Scale } from '@coracle/apimachinery/types/autoscaling-v1';
import type { Pod } from '@coracle/apimachinery/types/core-v1';
import type { Informers } from '@coracle/client/informer';
import type { Client } from '@coracle/client/rest';
import type { Discovery } from '../runtime/index.ts';
import { controllerOf } from '../shared/index.ts';
import type { ExpectedPods } from './reconcile.ts';

interface Scaled {
  readonly uid: string;
  readonly replicas: number;
}

type ScaledObject = KubernetesObject & { spec?: { replicas?: number } };

/** Adds up what the pods' controllers want, each once. Throws where a controller can not be found or has no scale. */
export function expectedScale(dependencies: { client: Client; informers: Informers; discovery: Discovery }) {
  const { client, informers, discovery } = dependencies;
  const replicaSets = informers.for(ReplicaSets).lister;
  const known = new Map<string, ResourceRef<ScaledObject>>(
    [ReplicaSets, StatefulSets, ReplicationControllers, Deployments].map((resource) => [
      `${resource.group}/${resource.kind}`,
      resource,
    ]),
  );
  for (const resource of known.values()) informers.for(resource);

  const fromCache = (
    resource: ResourceRef<ScaledObject>,
    reference: OwnerReference,
    namespace: string,
  ): Scaled | undefined => {
    const object = informers.for(resource).lister.get(reference.name, namespace);
    return object?.metadata?.uid === reference.uid
      ? { uid: reference.uid, replicas: object.spec?.replicas ?? 1 }
      : undefined;
  };

  const scaleOf = async (reference: OwnerReference, namespace: string): Promise<Scaled | undefined> => {
    const { group, version } = parseGroupVersion(reference.apiVersion);
    const resource = known.get(`${group}/${reference.kind}`);
    if (resource) {
      // The Deployment above a ReplicaSet is who decides.
      const above =
        resource.resource === 'replicasets'
          ? controllerOf(replicaSets.get(reference.name, namespace) ?? {})
          : undefined;
      return above?.kind === Deployments.kind
        ? fromCache(Deployments, above, namespace)
        : fromCache(resource, reference, namespace);
    }
    const custom = discovery.byKind(group, reference.kind, version);
    if (!custom) return undefined;
    try {
      const scale = (await client.get(custom, { name: reference.name, namespace }, { subresource: 'scale' })) as Scale;
      return scale.metadata?.uid === reference.uid
        ? { uid: reference.uid, replicas: scale.spec?.replicas ?? 0 }
        : undefined;
    } catch (error) {
      if (!isStatus(error, 'NotFound')) throw error;
      throw new Error(`${custom.resource}.${custom.group} does not implement the scale subresource`);
    }
  };

  return async (pods: readonly Pod[]): Promise<ExpectedPods> => {
    const scales = new Map<string, number>();
    const asked = new Set<string>();
    const unmanaged: string[] = [];
    for (const pod of pods) {
      const reference = controllerOf(pod);
      if (!reference) unmanaged.push(pod.metadata?.name ?? '');
      if (!reference || asked.has(reference.uid)) continue;
      asked.add(reference.uid);
      const scaled = await scaleOf(reference, pod.metadata?.namespace ?? '');
      if (!scaled) throw new Error(`found no controllers for pod "${pod.metadata?.name}"`);
      scales.set(scaled.uid, scaled.replicas);
    }
    let scale = 0;
    for (const replicas of scales.values()) scale += replicas;
    return { scale, unmanaged };
  };
}
