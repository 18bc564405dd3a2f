import { systemClock } from '@coracle/apimachinery/clock';
import { addToKubeconfig } from '@coracle/client/kubeconfig';
import type { ClusterConfig } from '../config/cluster-config.ts';
import { kubeconfigEntry } from '../kubeconfig/index.ts';
import type { Progress } from '../output.ts';
import { readPools } from '../pools.ts';
import { type LaunchedCluster, launch } from '../start.ts';
import { type ClusterState, DataDirectory, processStart } from '../state/index.ts';
import { userKubeconfigPaths } from './cluster-access.ts';

/**
 * Starts the cluster, then tells the user's kubeconfig and the other commands where it is. A file of its own, because with it comes
 * the whole program, which a command that starts another process has no use for.
 */
export async function runCluster(
  config: ClusterConfig,
  progress: Progress,
  stop: AbortSignal,
): Promise<{ readonly cluster: LaunchedCluster; readonly state: ClusterState }> {
  const cluster = await launch(config, progress, stop);
  try {
    const added = await addToKubeconfig(userKubeconfigPaths(config), kubeconfigEntry(cluster.access));
    const state: ClusterState = {
      name: config.name,
      pid: process.pid,
      processStart: await processStart(process.pid),
      url: cluster.url,
      runtime: cluster.runtime,
      phase: 'ready',
      startedAt: new Date(systemClock.now()).toISOString(),
      kubeconfig: added.path,
      pools: await readPools(cluster.client),
    };
    await new DataDirectory(config.dataDir).writeState(state);
    return { cluster, state };
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}
