import { access, realpath } from 'node:fs/promises';
import { type ClusterConfig, ConfigError } from '../config/cluster-config.ts';
import { requestImageImport } from '../control/index.ts';
import { createProgress, print } from '../output.ts';
import { DataDirectory } from '../state/index.ts';

/** `coracle image load`: brings an image archive or OCI layout to every machine, those made later included. */
export async function imageLoad(config: ClusterConfig, path: string, json: boolean): Promise<void> {
  const directory = new DataDirectory(config.dataDir);
  const state = await directory.runningState();
  if (state === undefined) {
    throw new ConfigError(`cluster "${config.name}" is not running: "coracle up --name ${config.name}" starts it`);
  }
  await access(path).catch(() => {
    throw new ConfigError(
      `${path}: no such file: image load takes a "docker save" archive, an OCI archive or an OCI layout`,
    );
  });
  const absolute = await realpath(path);
  const images = await createProgress(process.stderr).step(`Loading ${path}`, () =>
    requestImageImport(directory.controlSocket, absolute),
  );
  print(
    json,
    { images },
    images.map((image) => `Loaded ${image}`),
  );
}
