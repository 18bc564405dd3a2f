import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock, systemRandom } from '@coracle/apimachinery/clock';
import type { Environment } from '@coracle/apimachinery/component';
import type { Client } from '@coracle/client/rest';
import { createHollowNetwork, type NetworkPlan, planNetwork, startCloud } from '@coracle/kubelet-shim';
import { dump } from 'js-yaml';
import { applyAddons } from './addons/index.ts';
import { type ClusterConfig, defaultFargateProfiles, defaultNodeGroups } from './config/cluster-config.ts';
import {
  clusterDnsAddress,
  clusterDomain,
  listenHost,
  nodePortRange,
  serviceCidr,
  startControlPlane,
} from './control-plane/index.ts';
import { startControlSocket } from './control/index.ts';
import { adminKubeconfig, type ClusterAccess } from './kubeconfig/index.ts';
import { createFileLogger } from './log/index.ts';
import { decideRuntime } from './machine/requirements.ts';
import { metricsServerUser, startMetricsServer } from './metrics-server/index.ts';
import { type Progress, silentProgress } from './output.ts';
import { createPools } from './pools.ts';
import { DataDirectory } from './state/index.ts';

/** A running cluster, as a library hands it out. `await using` stops it at the end of the scope. */
export interface Cluster extends AsyncDisposable {
  readonly name: string;
  /** `https://127.0.0.1:<port>`. */
  readonly url: string;
  /** The administrator's kubeconfig as YAML text. */
  readonly kubeconfig: string;
  /** A file with the same, for programs that want a path. */
  readonly kubeconfigPath: string;
  /** Talks to the API server in this process, as the administrator. */
  readonly client: Client;
  readonly runtime: 'containerd' | 'hollow';
  /** Stops every component and machine; what the cluster keeps stays in its data directory. Safe to call twice. */
  stop(): Promise<void>;
}

/** What the command line adds to the user's kubeconfig. */
export interface LaunchedCluster extends Cluster {
  readonly access: ClusterAccess;
}

/** Every setting has a default: a hollow cluster of two nodes on a free port, in a temporary directory that goes with it. */
export type StartOptions = Partial<Omit<ClusterConfig, 'detach' | 'kubeconfig'>>;

/**
 * Starts a whole cluster in this process and resolves when its nodes are ready. Many may run side by side.
 * Throws ConfigError for what the caller can mend; nothing is left running then.
 */
export async function startCluster(options: StartOptions = {}): Promise<Cluster> {
  const temporary = options.dataDir === undefined ? await mkdtemp(join(tmpdir(), 'coracle-')) : undefined;
  const config: ClusterConfig = {
    name: 'coracle',
    port: 0,
    runtime: 'hollow',
    nodeGroups: defaultNodeGroups,
    fargateProfiles: defaultFargateProfiles,
    registryMirrors: [],
    hollowImages: [],
    etcdServers: [],
    waitSeconds: 60,
    detach: false,
    access: {},
    dataDir: temporary ?? '',
    ...options,
  };
  const removeTemporary = async () => {
    if (temporary !== undefined) await rm(temporary, { recursive: true, force: true });
  };
  try {
    const cluster = await launch(config, silentProgress);
    const stop = once(async () => {
      await cluster.stop();
      await removeTemporary();
    });
    return { ...cluster, stop, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await removeTemporary();
    throw error;
  }
}

/**
 * The start list, top to bottom; the stop list is the same from the bottom up. Each step waits for what it needs of the one
 * before and for nothing else. An aborted `signal` ends the start at the next step, with everything stopped that began.
 */
export async function launch(
  config: ClusterConfig,
  progress: Progress,
  signal: AbortSignal = never,
): Promise<LaunchedCluster> {
  const directory = new DataDirectory(config.dataDir);
  await using stack = new AsyncDisposableStack();

  const lock = await directory.lock(config.name, signal !== never);
  stack.defer(() => lock.release());
  const log = createFileLogger(join(directory.path, 'coracle.log'), systemClock);
  stack.defer(() => log.close());
  const environment: Environment = { clock: systemClock, random: systemRandom, log };

  const { runtime, remark } = await decideRuntime(config.runtime, (line) => progress.note(line));
  if (remark !== undefined) progress.note(remark);

  const network = await planNetwork({ dataDirectory: directory.path, runtime });
  const hollow = runtime === 'hollow' ? hollowOptions(config, network) : undefined;
  const controlPlane = await progress.step('Starting the control plane', () =>
    startControlPlane({
      ...{ config, directory, environment, advertiseAddress: network.gateway },
      ...(hollow && { dial: hollow.network.connect }),
    }),
  );
  stack.defer(() => controlPlane.stop());
  signal.throwIfAborted();
  const access: ClusterAccess = { name: config.name, url: controlPlane.url, pki: controlPlane.pki };
  const kubeconfig = dump(adminKubeconfig(access));
  await directory.writeKubeconfig(kubeconfig);
  await applyAddons(controlPlane.client, config);
  const metrics = await startMetricsServer({
    environment,
    client: controlPlane.connect({ username: metricsServerUser, groups: ['system:serviceaccounts'] }).client,
    admin: controlPlane.client,
    pki: controlPlane.pki,
  });
  if (metrics !== undefined) stack.defer(() => metrics.stop());

  const cloud = await progress.step(runtime === 'hollow' ? 'Starting hollow nodes' : 'Starting machines', async () => {
    const started = await startCloud(
      { ...environment, connect: controlPlane.connect, issue: controlPlane.pki.issue },
      {
        runtime,
        clusterName: config.name,
        dataDirectory: directory.path,
        imagesDirectory: directory.imagesDirectory,
        network,
        serviceCidr,
        nodePortRange,
        clusterDnsAddress,
        clusterDomain,
        clientCa: controlPlane.pki.authority.certificate,
        registryMirrors: config.registryMirrors,
        ...(hollow && { hollow }),
        apiServer: { host: listenHost, port: controlPlane.port },
      },
    );
    await createPools(controlPlane.client, config);
    return started;
  });
  stack.defer(() => cloud.stop());
  signal.throwIfAborted();
  await progress.step('Waiting for the nodes to be ready', () =>
    unlessAborted(cloud.ready(config.waitSeconds * 1000), signal),
  );
  const control = await startControlSocket(directory.controlSocket, cloud);
  stack.defer(() => control.stop());

  const running = stack.move();
  const stop = once(() => running.disposeAsync());
  return {
    name: config.name,
    url: controlPlane.url,
    kubeconfig,
    kubeconfigPath: directory.kubeconfigPath,
    access,
    client: controlPlane.client,
    runtime,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function hollowOptions({ hollowImages }: ClusterConfig, { vpc, pods }: NetworkPlan) {
  const network = createHollowNetwork([vpc, pods]);
  return { network, ...(hollowImages.length > 0 && { images: hollowImages }) };
}

const never = new AbortController().signal;

/** Rejects with the signal's reason when it is aborted before `work` is done. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

function once(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  return () => (running ??= work());
}
