import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock, systemRandom } from '@coracle/apimachinery/clock';
import { type Environment, type Logger, silentLogger } from '@coracle/apimachinery/component';
import type { AccessOptions } from '@coracle/apiserver';
import { createMemoryStorage, openEtcdStorage, type Storage } from '@coracle/apiserver/storage';
import { startApiServer } from '@coracle/cluster/control-plane';
import { adminKubeconfig } from '@coracle/cluster/kubeconfig';
import type { ClusterPki } from '@coracle/cluster/pki';
import { advertiseAddress, createReferenceKeys, type ReferenceKeys } from './reference-control-plane.ts';

/** This project's API server in this process, without controllers, scheduler or nodes: nothing changes objects by itself. */
export interface OwnApiServer extends AsyncDisposable {
  /** `https://127.0.0.1:<port>`. */
  readonly url: string;
  /** A file; the administrator's, with a client certificate. */
  readonly kubeconfig: string;
  readonly pki: ClusterPki;
  readonly keys: ReferenceKeys;
  readonly storage: Storage;
  stop(): Promise<void>;
}

export interface OwnApiServerOptions {
  /** Absent: it keeps everything in memory. */
  readonly etcdUrl?: string;
  /** Those of another server, so that credentials are good for both. */
  readonly keys?: ReferenceKeys;
  readonly access?: AccessOptions;
  /** Absent: it logs nothing. */
  readonly log?: Logger;
}

export async function startOwnApiServer(options: OwnApiServerOptions = {}): Promise<OwnApiServer> {
  const environment: Environment = { clock: systemClock, random: systemRandom, log: options.log ?? silentLogger };
  await using stack = new AsyncDisposableStack();
  const scratch = await mkdtemp(join(tmpdir(), 'coracle-own-'));
  stack.defer(() => rm(scratch, { recursive: true, force: true }));
  const keys = options.keys ?? (await createReferenceKeys());
  if (options.keys === undefined) stack.defer(() => rm(keys.directory, { recursive: true, force: true }));
  const storage =
    options.etcdUrl === undefined
      ? createMemoryStorage(environment)
      : await openEtcdStorage({ endpoints: [options.etcdUrl], environment });
  stack.defer(() => storage.close());
  const server = await startApiServer({
    port: 0,
    environment,
    advertiseAddress,
    pki: keys.pki,
    storage,
    access: options.access ?? {},
  });
  stack.defer(() => server.stop());
  const url = `https://127.0.0.1:${server.port}`;
  const kubeconfig = join(scratch, 'kubeconfig');
  await writeFile(kubeconfig, JSON.stringify(adminKubeconfig({ name: 'own', url, pki: keys.pki })));
  const running = stack.move();
  const stop = () => running.disposeAsync();
  return { url, kubeconfig, pki: keys.pki, keys, storage, stop, [Symbol.asyncDispose]: stop };
}
