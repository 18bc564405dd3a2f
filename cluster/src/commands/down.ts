import { systemClock } from '@coracle/apimachinery/clock';
import type { ClusterConfig } from '../config/cluster-config.ts';
import { createProgress, print } from '../output.ts';
import { type ClusterState, DataDirectory } from '../state/index.ts';

/** A clean stop drains machines and closes the store; past this the process is ended. */
const stopTimeoutMs = 60_000;
const pollMs = 50;

/** `coracle down`: stops the process and its machines, keeps the state. Says so where nothing runs. */
export async function down(config: ClusterConfig, json: boolean): Promise<void> {
  const directory = new DataDirectory(config.dataDir);
  const state = await directory.runningState();
  if (state !== undefined) await stopProcess(directory, state);
  print(json, { name: config.name, stopped: state !== undefined }, [
    state === undefined
      ? `Cluster "${config.name}" is not running.`
      : `Stopped. Its state stays in ${directory.path}: "coracle up --name ${config.name}" resumes it.`,
  ]);
}

/** Asks the process of a cluster to stop and waits until it is gone. */
export async function stopProcess(directory: DataDirectory, state: ClusterState): Promise<void> {
  await createProgress(process.stderr).step(`Stopping cluster "${state.name}"`, async () => {
    process.kill(state.pid, 'SIGTERM');
    const deadline = systemClock.monotonic() + stopTimeoutMs;
    while ((await directory.runningState()) !== undefined) {
      if (systemClock.monotonic() > deadline) {
        process.kill(state.pid, 'SIGKILL');
        throw new Error(`process ${state.pid} did not stop within ${stopTimeoutMs / 1000} s and was ended`);
      }
      await waitMs(pollMs);
    }
  });
}

/** Keeps the process alive while it waits, which the clock's timers do not. */
async function waitMs(ms: number): Promise<void> {
  const channel = new MessageChannel();
  channel.port1.onmessage = () => {};
  await systemClock.sleep(ms);
  channel.port1.close();
}
