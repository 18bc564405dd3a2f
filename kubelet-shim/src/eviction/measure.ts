import { execFile } from 'node:child_process';
import { join } from 'node:path';
import type { Pod } from '@coracle/apimachinery/types/core-v1';
import type { NodeAgentOptions } from '../node/options.ts';
import { label } from '../pods/observed.ts';
import { podLogDirectory } from '../pods/pod-files.ts';
import type { ContainerRuntime, ContainerStats } from '../runtime/index.ts';
import { podCgroupPath } from '../pods/cgroups.ts';
import { readProcesses } from '../server/node-usage.ts';
import { emptyDirPath } from '../volumes/index.ts';
import { type ContainerUsage, type DiskUsage, noDisk, type PodUsage } from './usage.ts';

export interface MeasureDependencies {
  readonly options: NodeAgentOptions;
  readonly runtime: ContainerRuntime;
}

/** What these pods use, by uid. Walks their folders: asked for only where something is short or limited. */
export async function measurePods(
  { options, runtime }: MeasureDependencies,
  pods: readonly Pod[],
): Promise<ReadonlyMap<string, PodUsage>> {
  const stats = Map.groupBy(
    (await runtime.containerStats()).filter(({ timestamp }) => timestamp > 0),
    ({ labels }) => labels[label.podUid] ?? '',
  );
  const folders = pods.flatMap((pod) => [...logFolders(options, pod), ...volumeFolders(options, pod)]);
  const paths = folders.map(([, path]) => path);
  const [bytes, inodes] = await Promise.all([diskUsage(paths, ['--block-size=1']), diskUsage(paths, ['--inodes'])]);
  const processes = await Promise.all(pods.map((pod) => processesOf(options, pod)));
  const usageOf = (path: string): DiskUsage => ({ bytes: bytes.get(path) ?? 0, inodes: inodes.get(path) ?? 0 });
  return new Map(
    pods.map((pod, index) => {
      const uid = pod.metadata?.uid ?? '';
      const logs = new Map(logFolders(options, pod).map(([name, path]) => [name, usageOf(path)]));
      const volumes = new Map(volumeFolders(options, pod).map(([name, path]) => [name, usageOf(path)]));
      const containers = (stats.get(uid) ?? []).map((one) => containerUsage(one, logs));
      return [uid, { containers, volumes, processes: processes[index] ?? 0 }];
    }),
  );
}

async function processesOf({ cgroup, cgroupParent }: NodeAgentOptions, pod: Pod): Promise<number> {
  const running = await readProcesses({ cgroup, cgroupParent: podCgroupPath(cgroupParent, pod) });
  return running?.count ?? 0;
}

function containerUsage(stats: ContainerStats, logs: ReadonlyMap<string, DiskUsage>): ContainerUsage {
  const name = stats.labels[label.containerName] ?? '';
  return {
    name,
    memoryBytes: stats.memoryWorkingSetBytes,
    rootfs: { bytes: stats.rootfsUsedBytes, inodes: stats.rootfsInodesUsed },
    logs: logs.get(name) ?? noDisk,
  };
}

type Folder = readonly [name: string, path: string];

function logFolders({ logsDirectory }: NodeAgentOptions, pod: Pod): readonly Folder[] {
  const containers = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])];
  return containers.map(({ name }) => [name, join(podLogDirectory(logsDirectory, pod), name)]);
}

function volumeFolders({ rootDirectory }: NodeAgentOptions, pod: Pod): readonly Folder[] {
  const onDisk = (pod.spec?.volumes ?? []).filter(({ emptyDir }) => emptyDir && emptyDir.medium !== 'Memory');
  return onDisk.map(({ name }) => [name, emptyDirPath(rootDirectory, pod.metadata?.uid ?? '', name)]);
}

const outputBytesMax = 16 * 1024 * 1024;

/** `du` walks in a process of its own, so that a large volume holds nobody up. What is not there counts as nothing. */
function diskUsage(paths: readonly string[], flags: readonly string[]): Promise<ReadonlyMap<string, number>> {
  if (paths.length === 0) return Promise.resolve(new Map());
  const words = ['--summarize', '--one-file-system', '--null', ...flags, '--', ...paths];
  return new Promise((resolve) => {
    // It ends with 1 where a file went away under it; what it said still holds.
    execFile('du', words, { maxBuffer: outputBytesMax }, (_error, output) => {
      const rows = output.split('\0').map((row) => row.split('\t'));
      resolve(new Map(rows.flatMap(([count, path]) => (path === undefined ? [] : [[path, Number(count)]]))));
    });
  });
}
