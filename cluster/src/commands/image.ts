import { rm } from 'node:fs/promises';
import { type ClusterConfig, ConfigError } from '../config/cluster-config.ts';
import { requestImageImport } from '../control/index.ts';
import { storeImageArchive } from '../images/index.ts';
import { createProgress, print } from '../output.ts';
import { DataDirectory } from '../state/index.ts';

/** `coracle image load`: brings an image archive or OCI layout to every machine, those made later included. */
export async function imageLoad(config: ClusterConfig, path: string, json: boolean): Promise<void> {
  const directory = new DataDirectory(config.dataDir);
  if ((await directory.runningState()) === undefined) {
    throw new ConfigError(`cluster "${config.name}" is not running: "coracle up --name ${config.name}" starts it`);
  }
  const images = await createProgress(process.stderr).step(`Loading ${path}`, async () => {
    const archive = await storeImageArchive(directory.imagesDirectory, path);
    try {
      return await requestImageImport(directory.controlSocket, archive);
    } catch (error) {
      // A machine made later must not stumble over it.
      await rm(archive, { force: true });
      throw error;
    }
  });
  const nothing = `No node has a containerd to load it into: it is kept in ${directory.imagesDirectory}.`;
  print(json, { images }, images.length === 0 ? [nothing] : images.map((image) => `Loaded ${image}`));
}
