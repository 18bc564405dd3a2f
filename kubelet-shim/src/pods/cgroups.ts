import { mkdir, readdir, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { quantityValue } from '@coracle/apimachinery/quantity';
import type { Pod } from '@coracle/apimachinery/types/core-v1';
import type { NodeAgentOptions } from '../node/options.ts';
import type { LinuxResources } from '../runtime/index.ts';
import type { PodCgroups } from './pod-services.ts';
import { qosClass } from './qos.ts';
import { podCgroupResources, podMemoryHigh } from './resources.ts';

export interface CgroupOptions {
  /** Absolute path below the mounts; `kubepods` is made inside. */
  readonly parent: string;
  readonly version: 'v1' | 'v2';
  /** Where the hierarchies are mounted: `/sys/fs/cgroup`. */
  readonly mount?: string;
  /** What all pods may use together; default and 0: as much as the machine has. */
  readonly memoryLimitBytes?: number;
}

/** Controllers that the pod's limits are written to; the runtime makes the rest of the path where it needs it. */
const limitedControllers = ['cpu', 'memory', 'pids'];
const delegatedControllers = ['+cpu', '+memory', '+pids', '+cpuset', '+io'];
const weightMin = 1;
const weightMax = 10_000;
const sharesSpan = 262_142;

/** A cgroup a pod, below one for its class, with the pod's own limits: `kubepods/burstable/pod<uid>`. */
export function createPodCgroups(options: CgroupOptions): PodCgroups {
  const { parent, version, mount = '/sys/fs/cgroup', memoryLimitBytes = 0 } = options;
  const pathOf = (pod: Pod): string => podCgroupPath(parent, pod);
  let limited: Promise<void> | undefined;
  const roots = async (): Promise<string[]> =>
    version === 'v2' ? [mount] : (await readdir(mount)).map((controller) => join(mount, controller));
  return {
    async ensure(pod) {
      const path = pathOf(pod);
      const resources = podCgroupResources(pod);
      if (memoryLimitBytes > 0)
        await (limited ??= limitPods(mount, join(parent, 'kubepods'), version, memoryLimitBytes));
      if (version === 'v1') await ensureV1(mount, path, resources);
      else await ensureV2(mount, path, resources, podMemoryHigh(pod));
      return path;
    },
    async remove(pod) {
      const path = pathOf(pod);
      await Promise.all((await roots()).map((root) => removeTree(join(root, path))));
    },
    async sweep(uids) {
      for (const root of await roots()) {
        for (const level of levels) await sweepLevel(join(root, parent, 'kubepods', level), uids);
      }
    },
  };
}

export function podCgroupPath(parent: string, pod: Pod): string {
  const qos = qosClass(pod);
  const level = qos === 'Guaranteed' ? [] : [qos.toLowerCase()];
  return join(parent, 'kubepods', ...level, `pod${pod.metadata?.uid}`);
}

/** The memory that a node keeps back so that pods can be evicted before they fill it up. */
const evictionReserveBytes = 100 * 2 ** 20;

/**
 * What the pods of a node may use together: all but what is reserved for the system (`enforceNodeAllocatable: [pods]`).
 * 0 where the node does not say what it has.
 */
export function podsMemoryLimit({ capacity, allocatable }: Pick<NodeAgentOptions, 'capacity' | 'allocatable'>): number {
  const total = quantityValue(capacity['memory']);
  return Math.min(total, quantityValue(allocatable['memory']) + evictionReserveBytes);
}

/** A group that uses more already, as the node was another before, keeps what it had. */
async function limitPods(mount: string, path: string, version: 'v1' | 'v2', bytes: number): Promise<void> {
  const folder = version === 'v1' ? join(mount, 'memory', path) : join(mount, path);
  await mkdir(folder, { recursive: true });
  if (version === 'v2') await delegate(mount, join(path, 'pods'));
  await writeFile(join(folder, version === 'v1' ? 'memory.limit_in_bytes' : 'memory.max'), String(bytes)).catch(
    () => {},
  );
}

async function ensureV1(mount: string, path: string, resources: LinuxResources): Promise<void> {
  await Promise.all(limitedControllers.map((controller) => mkdir(join(mount, controller, path), { recursive: true })));
  const write = (controller: string, file: string, value: number) =>
    writeFile(join(mount, controller, path, file), String(value));
  await write('cpu', 'cpu.shares', resources.cpuShares ?? 0);
  await write('cpu', 'cpu.cfs_period_us', resources.cpuPeriod ?? 0);
  await write('cpu', 'cpu.cfs_quota_us', resources.cpuQuota ?? -1);
  await write('memory', 'memory.limit_in_bytes', resources.memoryLimitInBytes ?? -1);
}

async function ensureV2(
  mount: string,
  path: string,
  resources: LinuxResources,
  high: number | undefined,
): Promise<void> {
  const folder = join(mount, path);
  await mkdir(folder, { recursive: true });
  await delegate(mount, path);
  const { cpuShares = 2, cpuQuota, cpuPeriod, memoryLimitInBytes } = resources;
  await writeFile(join(folder, 'cpu.weight'), String(weightOf(cpuShares)));
  await writeFile(join(folder, 'cpu.max'), `${cpuQuota ?? 'max'} ${cpuPeriod}`);
  await writeFile(join(folder, 'memory.max'), String(memoryLimitInBytes ?? 'max'));
  await writeFile(join(folder, 'memory.high'), String(high ?? 'max'));
}

/** Every folder above must hand its controllers down. One that a machine lacks is not an error. */
async function delegate(mount: string, path: string): Promise<void> {
  const folders: string[] = [];
  for (let folder = dirname(path); folder !== '/'; folder = dirname(folder)) folders.unshift(folder);
  for (const folder of folders) {
    for (const controller of delegatedControllers) {
      await writeFile(join(mount, folder, 'cgroup.subtree_control'), controller).catch(() => {});
    }
  }
}

/** v1 shares 2…262144 onto v2 weights 1…10000 (KEP-2254). */
function weightOf(shares: number): number {
  return Math.min(weightMax, Math.max(weightMin, Math.floor(1 + ((shares - 2) * (weightMax - 1)) / sharesSpan)));
}

const levels = ['', 'burstable', 'besteffort'];

async function sweepLevel(folder: string, uids: ReadonlySet<string>): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    if (name.startsWith('pod') && !uids.has(name.slice('pod'.length))) await removeTree(join(folder, name));
  }
}

/** Cgroups go from the leaves up, and only when they are empty. */
async function removeTree(folder: string): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) if (entry.isDirectory()) await removeTree(join(folder, entry.name));
  await rmdir(folder).catch(() => {});
}
