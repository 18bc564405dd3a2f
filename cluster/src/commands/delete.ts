import { removeFromKubeconfig } from '@coracle/client/kubeconfig';
import { removeMachines } from '@coracle/kubelet-shim';
import { type ClusterConfig, ConfigError } from '../config/cluster-config.ts';
import { contextName } from '../kubeconfig/index.ts';
import { createProgress, print } from '../output.ts';
import { DataDirectory } from '../state/index.ts';
import { userKubeconfigPaths } from './cluster-access.ts';
import { stopHolder } from './down.ts';

/** `coracle delete`: stops the cluster and removes its machines, its state and its kubeconfig entries. */
export async function deleteCluster(config: ClusterConfig, json: boolean): Promise<void> {
  const directory = new DataDirectory(config.dataDir);
  if (!(await directory.isCluster())) {
    throw new ConfigError(
      `there is no cluster "${config.name}" in ${directory.path}: --name or --data-dir names another`,
    );
  }
  await stopHolder(directory, config.name);
  const state = await directory.readState();
  await createProgress(process.stderr).step(`Deleting cluster "${config.name}"`, async () => {
    const lock = await directory.lock(config.name);
    await removeMachines({ clusterName: config.name, dataDirectory: directory.path });
    const files = new Set([...userKubeconfigPaths(config), ...(state === undefined ? [] : [state.kubeconfig])]);
    await removeFromKubeconfig([...files], contextName(config.name));
    await lock.release();
    await directory.remove();
  });
  print(json, { name: config.name, deleted: true }, [`Deleted cluster "${config.name}".`]);
}
