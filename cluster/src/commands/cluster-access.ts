import { connectionOf, kubeconfigPaths, loadKubeconfig } from '@coracle/client/kubeconfig';
import type { HttpTransportOptions } from '@coracle/client/transport';
import type { ClusterConfig } from '../config/cluster-config.ts';
import { DataDirectory } from '../state/index.ts';

/** How a command reaches the API server of a running cluster: with the kubeconfig in its data directory. */
export async function clusterConnection(config: ClusterConfig): Promise<HttpTransportOptions> {
  return connectionOf(await loadKubeconfig([new DataDirectory(config.dataDir).kubeconfigPath]));
}

/** The user's kubeconfig files: the one a flag names, else as kubectl finds them. */
export function userKubeconfigPaths(config: ClusterConfig): readonly string[] {
  const { KUBECONFIG, HOME } = process.env;
  return kubeconfigPaths({ explicit: config.kubeconfig, KUBECONFIG, HOME });
}
