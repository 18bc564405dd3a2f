import type { KubernetesObject } from '@coracle/apimachinery/meta';
import type { Node, Pod } from '@coracle/apimachinery/types/core-v1';
import type { Lister } from '@coracle/client/informer';
import { ObjectStore } from '@coracle/client/informer';
import { createClient } from '@coracle/client/rest';
import { createMemoryApi, testEnvironment } from '@coracle/client/testing';
import { ClusterCache } from '../cache/cluster-cache.ts';
import type { NodeInfo } from '../cache/node-info.ts';
import { podInfo } from '../cache/pod-info.ts';
import type { Cluster, Listers } from '../framework/cluster.ts';
import { Listeners } from '../framework/listeners.ts';
import type { Plugin } from '../framework/plugin.ts';
import type { Status } from '../framework/status.ts';
import { Nominator } from '../queue/nominator.ts';

const lists = [
  'pods',
  'nodes',
  'namespaces',
  'services',
  'replicationControllers',
  'replicaSets',
  'statefulSets',
  'disruptionBudgets',
  'persistentVolumes',
  'persistentVolumeClaims',
  'storageClasses',
  'csiNodes',
  'csiDrivers',
  'csiStorageCapacities',
  'volumeAttachments',
] as const;

export interface FakeCluster extends Cluster {
  /** Puts an object where plugins look for it. */
  know(list: keyof Listers, ...objects: readonly KubernetesObject[]): void;
  nodeInfo(name: string): NodeInfo;
}

/** Nodes, and pods on them by their `nodeName`, for plugins to be asked about. */
export function fakeCluster(nodes: readonly Node[], pods: readonly Pod[] = []): FakeCluster {
  const stores = Object.fromEntries(lists.map((name) => [name, new ObjectStore<KubernetesObject>()]));
  const listers = stores as unknown as Listers & Record<string, ObjectStore<KubernetesObject>>;
  const environment = testEnvironment();
  const namespaces = listers.namespaces as Lister<KubernetesObject>;
  const cache = new ClusterCache({ namespaceLabels: (name) => namespaces.get(name)?.metadata?.labels });
  for (const node of nodes) cache.addNode(node);
  for (const pod of pods) cache.putPod(pod);
  return {
    cache,
    nominator: new Nominator(),
    listers,
    client: createClient(createMemoryApi().transport, { clock: environment.clock }),
    recorder: { event: () => {} },
    environment,
    volumeChanges: new Listeners(),
    activate: () => {},
    know(list, ...objects) {
      for (const object of objects) {
        const { name = '', namespace } = object.metadata ?? {};
        (stores[list] as ObjectStore<KubernetesObject>).set(namespace ? `${namespace}/${name}` : name, object);
      }
    },
    nodeInfo(name) {
      const found = cache.node(name);
      if (!found) throw new Error(`there is no node ${name}`);
      return found;
    },
  };
}

/** What a plugin's filter says of each node: its reasons, or `ok`. A rejection of the pod is said of `*`. */
export function filterResults(cluster: FakeCluster, plugin: Plugin, pod: Pod): Record<string, string> {
  const filter = plugin.filter?.(podInfo(pod));
  if (filter && 'rejection' in filter) return { '*': textOf(filter.rejection) };
  const results: Record<string, string> = {};
  for (const node of cluster.cache.nodes) {
    if (filter?.nodeNames && !filter.nodeNames.has(node.name)) continue;
    results[node.name] = textOf(filter?.check(node));
  }
  return results;
}

/** The plugin's scores by node; empty where it has nothing to say. */
export function scores(cluster: FakeCluster, plugin: Plugin, pod: Pod): Record<string, number> {
  const { nodes } = cluster.cache;
  const scorer = plugin.score?.(podInfo(pod), nodes);
  if (!scorer) return {};
  const result = new Float64Array(nodes.length);
  scorer(nodes, result);
  return Object.fromEntries(nodes.map((node, at) => [node.name, result[at] as number]));
}

function textOf(status: Status | undefined): string {
  return status ? `${status.code}: ${status.reasons.join(', ')}` : 'ok';
}
