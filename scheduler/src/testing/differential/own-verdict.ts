import type { KubernetesObject } from '@coracle/apimachinery/meta';
import type { Node, Pod } from '@coracle/apimachinery/types/core-v1';
import { type PodInfo, podInfo } from '../../cache/pod-info.ts';
import type { NodeInfo } from '../../cache/node-info.ts';
import { type Found, NodeFinder } from '../../cycle/find-nodes.ts';
import { scoringWeight } from '../../cycle/schedule-one.ts';
import type { Listers } from '../../framework/cluster.ts';
import type { Plugin } from '../../framework/plugin.ts';
import { fitMessage } from '../../framework/status.ts';
import { defaultPlugins } from '../../plugins/index.ts';
import { fakeCluster } from '../fake-cluster.ts';

/** The nodes that are equally good, or why there is none. */
export type OwnVerdict = { readonly best: readonly string[] } | { readonly message: string };

export interface ClusterState {
  readonly nodes: readonly Node[];
  readonly pods: readonly Pod[];
  readonly others: ReadonlyMap<keyof Listers, readonly KubernetesObject[]>;
}

/** What this scheduler would do with the pod, without doing it. */
export function ownVerdict(state: ClusterState, pod: Pod): OwnVerdict {
  const cluster = fakeCluster(state.nodes, state.pods);
  for (const [list, objects] of state.others) cluster.know(list, ...objects);
  const plugins = defaultPlugins(cluster);
  const info = podInfo(pod);
  try {
    const found = new NodeFinder(cluster, plugins).find(info);
    if (found.nodes.length > 0) return { best: bestOf(info, found.nodes, plugins) };
    return { message: explain(info, found, plugins, cluster.cache.nodes) };
  } catch (error) {
    return { message: (error as Error).message };
  }
}

function bestOf(pod: PodInfo, nodes: readonly NodeInfo[], plugins: readonly Plugin[]): readonly string[] {
  const totals = new Float64Array(nodes.length);
  const scores = new Float64Array(nodes.length);
  for (const plugin of plugins) {
    const scorer = plugin.score?.(pod, nodes);
    if (!scorer) continue;
    scorer(nodes, scores);
    for (const [at, score] of scores.entries()) totals[at] = (totals[at] ?? 0) + scoringWeight(plugin) * score;
  }
  const most = Math.max(...totals);
  return nodes.filter((_, at) => totals[at] === most).map(({ name }) => name);
}

function explain(pod: PodInfo, found: Found, plugins: readonly Plugin[], nodes: readonly NodeInfo[]): string {
  const diagnosis = found.diagnose();
  if (diagnosis.preFilter) return fitMessage(diagnosis, 'not found');
  const statusOf = (name: string) => diagnosis.nodes.get(name) ?? diagnosis.others;
  const hopeful = nodes.filter(({ name }) => statusOf(name)?.code === 'unschedulable');
  const { nodesTotal } = diagnosis;
  const attempt = { pod, filters: found.filters, hopeful, nodesTotal, statusOf };
  const result = plugins.find((plugin) => plugin.postFilter)?.postFilter?.(attempt);
  return fitMessage(diagnosis, result?.message ?? '');
}
