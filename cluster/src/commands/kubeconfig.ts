import { readFile } from 'node:fs/promises';
import { load } from 'js-yaml';
import { type ClusterConfig, ConfigError } from '../config/cluster-config.ts';
import { print } from '../output.ts';
import { DataDirectory } from '../state/index.ts';

/** `coracle kubeconfig`: the cluster's own kubeconfig on standard output, to redirect or pipe. */
export async function kubeconfig(config: ClusterConfig, json: boolean): Promise<void> {
  const directory = new DataDirectory(config.dataDir);
  const text = await readFile(directory.kubeconfigPath, 'utf8').catch(() => undefined);
  if (text === undefined) {
    throw new ConfigError(
      `there is no cluster "${config.name}" in ${directory.path}: "coracle up --name ${config.name}" makes one`,
    );
  }
  print(json, load(text), [text.trimEnd()]);
}
