import { isStatus } from '@coracle/apimachinery/errors';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import type { ResourceRef } from '@coracle/apimachinery/schema';
import type { Client } from '@coracle/client/rest';
import { cloudGroup, FargateProfiles, NodeGroups } from '@coracle/kubelet-shim';
import { type ClusterConfig, ConfigError } from './config/cluster-config.ts';
import type { ClusterPools } from './state/index.ts';

const apiVersion = `${cloudGroup}/v1`;

/**
 * Makes the node groups and Fargate profiles that were asked for. Those that exist stay as they are: a resumed cluster keeps
 * the size that it was scaled to.
 */
export async function createPools(client: Client, config: ClusterConfig): Promise<void> {
  await Promise.all([
    ...config.nodeGroups.map(({ name, instanceType, count, zones }) =>
      createOnce(client, NodeGroups, {
        apiVersion,
        kind: NodeGroups.kind,
        metadata: { name },
        spec: { instanceType, replicas: count, zones },
      }),
    ),
    ...config.fargateProfiles.map(({ name, selectors }) =>
      createOnce(client, FargateProfiles, {
        apiVersion,
        kind: FargateProfiles.kind,
        metadata: { name },
        spec: { selectors },
      }),
    ),
  ]);
}

/** What there is now: groups and profiles may have been made and deleted since the cluster was. */
export async function readPools(client: Client): Promise<ClusterPools> {
  const [groups, profiles] = await Promise.all([client.list(NodeGroups), client.list(FargateProfiles)]);
  return {
    nodeGroups: groups.items.map(({ metadata }) => metadata.name ?? ''),
    fargateSelectors: profiles.items.flatMap(({ spec }) =>
      spec.selectors.map(({ namespace, labels = {} }) => ({ namespace, labels })),
    ),
  };
}

async function createOnce<T extends KubernetesObject>(
  client: Client,
  resource: ResourceRef<T>,
  object: T,
): Promise<void> {
  try {
    await client.create(resource, object);
  } catch (error) {
    if (isStatus(error, 'Invalid')) throw new ConfigError(error.message);
    if (!isStatus(error, 'AlreadyExists')) throw error;
  }
}
