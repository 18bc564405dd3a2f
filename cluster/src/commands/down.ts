import { systemClock } from '@coracle/apimachinery/clock';
import type { ClusterConfig } from '../config/cluster-config.ts';
import { createProgress, print } from '../output.ts';
import { DataDirectory } from '../state/index.ts';

/** A clean stop drains machines and closes the store; past this the process is ended. */
const stopTimeoutMs = 60_000;
const pollMs = 50;

/** `coracle down`: stops the process and its machines, keeps the state. Says so where nothing runs. */
export async function down(config: ClusterConfig, json: boolean): Promise<void> {
  const directory = new DataDirectory(config.dataDir);
  const stopped = await stopHolder(directory, config.name);
  print(json, { name: config.name, stopped }, [
    !stopped
      ? `Cluster "${config.name}" is not running.`
      : `Stopped. Its state stays in ${directory.path}: "coracle up --name ${config.name}" resumes it.`,
  ]);
}

/** Asks the process of a cluster, which may be starting still, to stop and waits until it has; false where there is none. */
export async function stopHolder(directory: DataDirectory, name: string): Promise<boolean> {
  const holder = await directory.holder();
  if (holder?.stoppable !== true) return false;
  const { pid } = holder;
  await createProgress(process.stderr).step(`Stopping cluster "${name}"`, async () => {
    process.kill(pid, 'SIGTERM');
    const deadline = systemClock.monotonic() + stopTimeoutMs;
    while ((await directory.holder())?.pid === pid) {
      if (systemClock.monotonic() > deadline) {
        process.kill(pid, 'SIGKILL');
        throw new Error(`process ${pid} did not stop within ${stopTimeoutMs / 1000} s and was ended`);
      }
      await waitMs(pollMs);
    }
  });
  return true;
}

/** Keeps the process alive while it waits, which the clock's timers do not. */
async function waitMs(ms: number): Promise<void> {
  const channel = new MessageChannel();
  channel.port1.onmessage = () => {};
  await systemClock.sleep(ms);
  channel.port1.close();
}
