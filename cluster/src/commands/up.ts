import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { systemClock } from '@coracle/apimachinery/clock';
import { checkKubeconfig } from '@coracle/client/kubeconfig';
import { type ClusterConfig, ConfigError } from '../config/cluster-config.ts';
import { contextName } from '../kubeconfig/index.ts';
import { createProgress, print } from '../output.ts';
import { type ClusterState, DataDirectory } from '../state/index.ts';
import { userKubeconfigPaths } from './cluster-access.ts';
import { nextSteps } from './next-steps.ts';
import { isProgressMessage, type ProgressMessage, replayProgress, sendProgress } from './detached-progress.ts';

export interface UpFlags {
  readonly json: boolean;
}

/** Set in the process that `--detach` leaves behind. */
const detachedVariable = 'CORACLE_DETACHED';

/** The first step: on a busy machine, seconds. */
const loading = 'Loading the program';

/** `coracle up`: runs the cluster until it is told to stop, or leaves a process that does with `--detach`. */
export async function up(config: ClusterConfig, flags: UpFlags): Promise<void> {
  if (process.env[detachedVariable] === '1') return runDetached(config);
  const already = await new DataDirectory(config.dataDir).runningState();
  if (already !== undefined) {
    if (!config.detach) throw alreadyRunning(config, already);
    return report(already, flags);
  }
  await checkPlaces(config);
  if (config.detach) return report(await startDetached(config), flags);

  const stop = stopSignal();
  const progress = createProgress(process.stderr);
  const { runCluster } = await progress.step(loading, () => import('./run-cluster.ts'));
  const { cluster, state } = await runCluster(config, progress, stop);
  report(state, flags);
  if (!flags.json) process.stderr.write('\nRunning: Ctrl-C stops it, its state stays.\n');
  // Node writes it at the end of a process, too, but not every process comes to a good end.
  flushCompileCache();
  const problem = await ended(config, stop);
  await progress.step('Stopping', () => cluster.stop());
  if (problem !== undefined) throw problem;
}

/** Resolves when the cluster has to stop: to what is wrong where nobody asked for it. */
async function ended(config: ClusterConfig, stop: AbortSignal): Promise<Error | undefined> {
  const directory = new DataDirectory(config.dataDir);
  // Keeps the process alive until then: the cluster's own timers and sockets are not meant to.
  const alive = new MessageChannel();
  alive.port1.onmessage = () => {};
  await directory.lost(systemClock, stop).finally(() => alive.port1.close());
  return stop.aborted ? undefined : new Error(`${directory.path} has been deleted: the cluster in it is no more`);
}

/** Before anything is loaded or started: what cannot be written at its end is said now. */
async function checkPlaces(config: ClusterConfig): Promise<void> {
  await new DataDirectory(config.dataDir).make();
  try {
    await checkKubeconfig(userKubeconfigPaths(config));
  } catch (error) {
    throw new ConfigError(`${(error as Error).message}: --kubeconfig names another file`);
  }
}

function alreadyRunning(config: ClusterConfig, state: ClusterState): ConfigError {
  return new ConfigError(
    `cluster "${config.name}" runs already, as process ${state.pid} at ${state.url}: "coracle down --name ${config.name}" ` +
      'stops it, another --name makes a second one',
  );
}

/** SIGHUP: the terminal has been closed. */
const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Aborted at the first signal to stop, also during the start; a second Ctrl-C ends the process without waiting. */
function stopSignal(): AbortSignal {
  const controller = new AbortController();
  const stop = () => {
    if (!controller.signal.aborted) process.once('SIGINT', () => process.exit(130));
    controller.abort(new ConfigError('stopped before the cluster was ready'));
  };
  for (const signal of stopSignals) process.once(signal, stop);
  return controller.signal;
}

async function runDetached(config: ClusterConfig): Promise<void> {
  try {
    const stop = stopSignal();
    const { runCluster } = await import('./run-cluster.ts');
    const { cluster, state } = await runCluster(config, sendProgress(), stop);
    await tellParent({ type: 'ready', state });
    process.disconnect?.();
    flushCompileCache();
    const problem = await ended(config, stop);
    await cluster.stop();
    if (problem !== undefined) throw problem;
  } catch (error) {
    await tellParent({ type: 'failed', message: (error as Error).message, expected: error instanceof ConfigError });
    throw error;
  }
}

function tellParent(message: ProgressMessage): Promise<void> {
  return new Promise((resolve) => {
    if (process.connected) process.send?.(message, () => resolve());
    else resolve();
  });
}

/** Starts this very command once more, in a session of its own, and shows its progress until it is ready; until then it stops with this one. */
async function startDetached(config: ClusterConfig): Promise<ClusterState> {
  const { outputLog } = new DataDirectory(config.dataDir);
  const output = openSync(outputLog, 'a', 0o600);
  const child = spawn(process.execPath, process.argv.slice(1), {
    detached: true,
    stdio: ['ignore', output, output, 'ipc'],
    env: { ...process.env, [detachedVariable]: '1' },
  });
  closeSync(output);
  const progress = createProgress(process.stderr);
  const replay = replayProgress(progress);
  const loaded = Promise.withResolvers<void>();
  // What stopped it is told by whoever waits for the cluster.
  progress.step(loading, () => loaded.promise).catch(() => {});
  const stop = () => child.kill('SIGTERM');
  for (const signal of stopSignals) process.on(signal, stop);
  const ready = new Promise<ClusterState>((resolve, reject) => {
    child.on('message', (message) => {
      if (!isProgressMessage(message)) return;
      loaded.resolve();
      if (message.type === 'ready') {
        child.unref();
        resolve(message.state);
      } else if (message.type === 'failed') {
        reject(message.expected ? new ConfigError(message.message) : new Error(message.message));
      } else {
        replay(message);
      }
    });
    child.once('exit', (code) => {
      const ended = new Error(`the cluster's process ended with ${code ?? 'a signal'}: see ${outputLog}`);
      loaded.reject(ended);
      reject(ended);
    });
  });
  return ready.finally(() => {
    for (const signal of stopSignals) process.off(signal, stop);
  });
}

function report(state: ClusterState, flags: UpFlags): void {
  const context = contextName(state.name);
  print(flags.json, { ...state, context }, [
    '',
    `Cluster "${state.name}" is ready at ${state.url}`,
    `kubectl context: ${context} (in ${state.kubeconfig})`,
    '',
    'Try next:',
    ...nextSteps(state.pools).map((command) => `  ${command}`),
  ]);
}
