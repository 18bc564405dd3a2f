import { access } from 'node:fs/promises';
import { loadImage } from '@coracle/kubelet-shim';
import { type ClusterConfig, ConfigError } from '../config/cluster-config.ts';
import { createProgress, print } from '../output.ts';
import { DataDirectory } from '../state/index.ts';

/** `coracle image load`: brings an image archive or OCI layout to every machine, those made later included. */
export async function imageLoad(config: ClusterConfig, path: string, json: boolean): Promise<void> {
  const directory = new DataDirectory(config.dataDir);
  if (!(await directory.isCluster())) {
    throw new ConfigError(
      `there is no cluster "${config.name}" in ${directory.path}: "coracle up --name ${config.name}" makes one`,
    );
  }
  await access(path).catch(() => {
    throw new ConfigError(
      `${path}: no such file: image load takes a "docker save" archive, an OCI archive or an OCI layout`,
    );
  });
  const images = await createProgress(process.stderr).step(`Loading ${path}`, () => loadImage(directory.path, path));
  print(
    json,
    { images },
    images.map((image) => `Loaded ${image}`),
  );
}
