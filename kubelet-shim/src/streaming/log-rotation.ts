import { readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Environment, Running } from '@coracle/apimachinery/component';
import { isRunning } from '../pods/observed.ts';
import { podLogDirectory } from '../pods/pod-files.ts';
import type { PodManager } from '../pods/pod-manager.ts';
import type { ContainerRuntime } from '../runtime/index.ts';

export interface LogRotationDependencies {
  readonly environment: Environment;
  readonly runtime: ContainerRuntime;
  readonly pods: PodManager;
  readonly logsDirectory: string;
}

/** Upstream's containerLogMaxSize and containerLogMaxFiles; it looks every ten seconds. */
const sizeBytesMax = 10 * 1024 * 1024;
const filesMax = 5;
const intervalMs = 30_000;

/** Renames a running container's log when it has grown too large and lets the runtime begin a new one. */
export function startLogRotation({ environment, runtime, pods, logsDirectory }: LogRotationDependencies): Running {
  const { clock, log } = environment;
  const stopping = new AbortController();

  const rotateAll = async (): Promise<void> => {
    for (const worker of pods.workers) {
      for (const { id, name, attempt } of worker.observed.containers.filter(isRunning)) {
        const folder = join(podLogDirectory(logsDirectory, worker.pod), name);
        if (!(await rotate(folder, `${attempt}.log`, clock.now()))) continue;
        await runtime.reopenContainerLog(id);
      }
    }
  };

  const loop = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await clock.sleep(intervalMs, stopping.signal).catch(() => {});
      if (stopping.signal.aborted) return;
      await rotateAll().catch((error: unknown) => log.warn('a log was not rotated', { error: String(error) }));
    }
  };
  const running = loop();

  return {
    async stop() {
      stopping.abort(new Error('the node agent stops'));
      await running;
    },
  };
}

/** True where the log was renamed: `0.log` → `0.log.20261124-091500`. Of those the latest are kept. */
export async function rotate(folder: string, name: string, now: number, bytesMax = sizeBytesMax): Promise<boolean> {
  const path = join(folder, name);
  const size = await stat(path).then(
    (found) => found.size,
    () => 0,
  );
  if (size <= bytesMax) return false;
  const stamp = new Date(now).toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-');
  await rename(path, `${path}.${stamp}`);
  const rotated = (await readdir(folder)).filter((file) => file.startsWith(`${name}.`)).sort();
  // The one that is written now counts too.
  for (const file of rotated.slice(0, Math.max(0, rotated.length - (filesMax - 1)))) await rm(join(folder, file));
  return true;
}
