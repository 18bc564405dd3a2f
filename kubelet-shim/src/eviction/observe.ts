import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { quantityValue } from '@coracle/apimachinery/quantity';
import { machineDisk } from '../node/machine-disk.ts';
import type { NodeAgentOptions } from '../node/options.ts';
import { podsMemoryLimit } from '../pods/cgroups.ts';
import type { ContainerRuntime } from '../runtime/index.ts';
import { readMemoryBytes, readProcesses } from '../server/node-usage.ts';
import type { Observation, Observations } from './pressure.ts';
import type { Signal } from './thresholds.ts';

export interface ObserveDependencies {
  readonly options: NodeAgentOptions;
  readonly runtime: ContainerRuntime;
}

/** Reads what is left of everything that has a threshold. What cannot be read is left out. */
export async function observeNode({ options, runtime }: ObserveDependencies): Promise<Observations> {
  const parts = await Promise.all([observeMemory(options), observeDisks(options, runtime), observeProcesses(options)]);
  return new Map(parts.flat());
}

/** Whether images and what containers write over them have a disk of their own, apart from logs and volumes. */
export async function areImagesApart({ options, runtime }: ObserveDependencies): Promise<boolean> {
  const images = await runtime.imageFilesystem();
  if (!images) return false;
  const [own, theirs] = await Promise.all([stat(options.rootDirectory), stat(images.mountpoint)]);
  return own.dev !== theirs.dev;
}

type Entry = readonly [Signal, Observation];

async function observeMemory(options: NodeAgentOptions): Promise<Entry[]> {
  const { cgroup, cgroupParent, capacity } = options;
  const [machine, pods] = await Promise.all(
    [cgroupParent, join(cgroupParent, 'kubepods')].map((path) => readMemoryBytes({ cgroup, cgroupParent: path })),
  );
  const of = (limit: number, used: number | undefined): Observation => ({
    available: Math.max(0, limit - (used ?? 0)),
    capacity: limit,
  });
  const limit = podsMemoryLimit(options);
  return [
    ['memory.available', of(quantityValue(capacity['memory']), machine)],
    ...(limit > 0 ? [['allocatableMemory.available', of(limit, pods)] as const] : []),
  ];
}

async function observeDisks(options: NodeAgentOptions, runtime: ContainerRuntime): Promise<Entry[]> {
  const size = quantityValue(options.capacity['ephemeral-storage']);
  const images = await runtime.imageFilesystem().catch(() => undefined);
  const disks = [
    ['nodefs', options.rootDirectory],
    ['imagefs', images?.mountpoint],
  ] as const;
  const entries = disks.map(async ([name, path]): Promise<Entry[]> => {
    const disk = path === undefined ? undefined : await machineDisk(path, size).catch(() => undefined);
    if (disk === undefined) return [];
    const { capacity, available, inodes, inodesFree } = disk;
    return [
      [`${name}.available`, { available, capacity }],
      ...(inodes > 0 ? [[`${name}.inodesFree`, { available: inodesFree, capacity: inodes }] as const] : []),
    ];
  });
  return (await Promise.all(entries)).flat();
}

async function observeProcesses({ cgroup, cgroupParent }: NodeAgentOptions): Promise<Entry[]> {
  const [running, host] = await Promise.all([
    readProcesses({ cgroup, cgroupParent }),
    readFile('/proc/sys/kernel/pid_max', 'utf8').then(Number, () => 0),
  ]);
  if (running === undefined) return [];
  const capacity = Math.min(running.limit, host);
  return [['pid.available', { available: capacity - running.count, capacity }]];
}
