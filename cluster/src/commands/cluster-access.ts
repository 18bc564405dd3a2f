import { readFile } from 'node:fs/promises';
import { loadKubeconfig, type KubeconfigAccess } from '@coracle/client/kubeconfig';
import type { ClusterConfig } from '../config/cluster-config.ts';
import { DataDirectory } from '../state/index.ts';

/** How a command reaches the API server of a running cluster: with the kubeconfig in its data directory. */
export async function loadAccess(config: ClusterConfig): Promise<KubeconfigAccess> {
  return loadKubeconfig(await readFile(new DataDirectory(config.dataDir).kubeconfigPath, 'utf8'));
}
