import { Nodes, Pods } from '@coracle/apimachinery/resources';
import { createClient } from '@coracle/client/rest';
import { createHttpTransport } from '@coracle/client/transport';
import type { ClusterConfig } from '../config/cluster-config.ts';
import { contextName } from '../kubeconfig/index.ts';
import { print } from '../output.ts';
import { DataDirectory } from '../state/index.ts';
import { clusterConnection } from './cluster-access.ts';

/** `coracle status`: what runs and how it is. Exit code 0 only where the cluster answers. */
export async function status(config: ClusterConfig, json: boolean): Promise<number> {
  const directory = new DataDirectory(config.dataDir);
  const state = await directory.runningState();
  if (state === undefined) {
    const holder = await directory.holder();
    print(json, { name: config.name, running: false, starting: holder !== undefined }, [
      holder !== undefined
        ? `Cluster "${config.name}" is starting, as process ${holder.pid}.`
        : `Cluster "${config.name}" is not running: "coracle up --name ${config.name}" starts it.`,
    ]);
    return 1;
  }
  const transport = createHttpTransport(await clusterConnection(config));
  try {
    const client = createClient(transport);
    const [nodes, pods] = await Promise.all([client.list(Nodes), client.list(Pods)]);
    const ready = nodes.items.filter((node) =>
      node.status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True'),
    );
    const summary = { nodes: nodes.items.length, readyNodes: ready.length, pods: pods.items.length };
    print(json, { ...state, running: true, context: contextName(config.name), ...summary }, [
      `Cluster "${state.name}" runs at ${state.url} (process ${state.pid}, ${state.runtime} nodes, since ${state.startedAt})`,
      `${summary.readyNodes} of ${summary.nodes} nodes ready, ${summary.pods} pods`,
      `kubectl context: ${contextName(config.name)} (in ${state.kubeconfig})`,
    ]);
    return 0;
  } finally {
    await transport.close();
  }
}
