import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '@coracle/apimachinery/clock';

/** Where the control groups of this host are: one tree on v2, one tree a controller on v1. */
export interface CgroupHost {
  readonly version: 'v1' | 'v2';
  /** Mount points of every tree. */
  readonly trees: readonly CgroupTree[];
}

export interface CgroupTree {
  readonly path: string;
  /** Controllers of a v1 tree, `['cpu']`; empty for the unified one. */
  readonly controllers: readonly string[];
}

export interface CgroupLimits {
  readonly cpuMillis: number;
  readonly memoryBytes: number;
}

const cpuPeriodMicroseconds = 100_000;

/** Reads `/proc/self/mounts`. Throws Error where control groups are not mounted. */
export async function findCgroups(): Promise<CgroupHost> {
  const host = parseCgroupMounts(await readFile('/proc/self/mounts', 'utf8'));
  if (host.trees.length === 0) throw new Error('no control groups are mounted on this host: machines need them');
  return host;
}

/** Where both versions are mounted (hybrid), v1 has the controllers, and runtimes keep a group in the other tree too. */
export function parseCgroupMounts(mounts: string): CgroupHost {
  const rows = mounts.split('\n').map((line) => line.split(' '));
  const v1 = rows
    .filter((row) => row[2] === 'cgroup')
    .map(([, path = '', , options = '']) => ({
      path,
      controllers: options.split(',').filter((option) => knownControllers.has(option)),
    }));
  const v2 = rows.filter((row) => row[2] === 'cgroup2').map(([, path = '']) => ({ path, controllers: [] }));
  return v1.length > 0 ? { version: 'v1', trees: [...v1, ...v2] } : { version: 'v2', trees: v2.slice(0, 1) };
}

const knownControllers = new Set(
  'blkio cpu cpuacct cpuset devices freezer hugetlb memory net_cls net_prio perf_event pids rdma misc'.split(' '),
);

/** Makes the group in every tree, its parents too, ready to have processes or groups in it. `path` begins with a slash. */
export async function makeCgroup(host: CgroupHost, path: string): Promise<void> {
  const names = path.split('/').filter(Boolean);
  for (const tree of host.trees) {
    let folder = tree.path;
    for (const name of names) {
      if (host.version === 'v2') await delegateControllers(folder);
      const child = join(folder, name);
      await mkdir(child, { recursive: true });
      if (tree.controllers.includes('cpuset')) await inheritCpuset(folder, child);
      folder = child;
    }
  }
}

/** A v1 cpuset is empty, and so unusable, until it is told its processors and memory nodes. */
async function inheritCpuset(parent: string, child: string): Promise<void> {
  for (const file of ['cpuset.cpus', 'cpuset.mems']) {
    if ((await readFile(join(child, file), 'utf8')).trim() === '') {
      await writeFile(join(child, file), await readFile(join(parent, file), 'utf8'));
    }
  }
}

async function delegateControllers(folder: string): Promise<void> {
  const available = (await readFile(join(folder, 'cgroup.controllers'), 'utf8')).split(/\s+/).filter(Boolean);
  for (const controller of available) {
    // A controller that a real-time process keeps back must not cost us the others.
    await writeFile(join(folder, 'cgroup.subtree_control'), `+${controller}`).catch(() => {});
  }
}

/** Caps everything in the group and below. */
export async function limitCgroup(host: CgroupHost, path: string, limits: CgroupLimits): Promise<void> {
  const quota = Math.round((limits.cpuMillis * cpuPeriodMicroseconds) / 1000);
  if (host.version === 'v2') {
    const folder = join(host.trees[0]?.path ?? '', path);
    await writeFile(join(folder, 'cpu.max'), `${quota} ${cpuPeriodMicroseconds}`);
    await writeFile(join(folder, 'memory.max'), String(limits.memoryBytes));
    return;
  }
  for (const tree of host.trees) {
    const folder = join(tree.path, path);
    if (tree.controllers.includes('cpu')) {
      await writeFile(join(folder, 'cpu.cfs_period_us'), String(cpuPeriodMicroseconds));
      await writeFile(join(folder, 'cpu.cfs_quota_us'), String(quota));
    }
    if (tree.controllers.includes('memory')) {
      await writeFile(join(folder, 'memory.limit_in_bytes'), String(limits.memoryBytes));
    }
  }
}

/** Files to write one's process id to, to be in the group. */
export function cgroupProcessFiles(host: CgroupHost, path: string): readonly string[] {
  return host.trees.map((tree) => join(tree.path, path, 'cgroup.procs'));
}

/** Ids of the processes in the group and below. */
export async function cgroupProcesses(host: CgroupHost, path: string): Promise<readonly number[]> {
  const found = new Set<number>();
  const visit = async (folder: string): Promise<void> => {
    const text = await readFile(join(folder, 'cgroup.procs'), 'utf8').catch(() => '');
    for (const line of text.split('\n')) if (line !== '') found.add(Number(line));
    for (const child of await childGroups(folder)) await visit(child);
  };
  for (const tree of host.trees) await visit(join(tree.path, path));
  return [...found];
}

const lastBreathMs = 5000;

/**
 * Removes the group and those below, once the processes in them, which were told to end, have ended. Throws Error where some
 * do not.
 */
export async function removeCgroup(host: CgroupHost, path: string, clock: Clock): Promise<void> {
  const giveUpAt = clock.monotonic() + lastBreathMs;
  for (let delayMs = 2; !(await removeEmptyGroups(host, path)); delayMs *= 2) {
    const left = await cgroupProcesses(host, path);
    if (clock.monotonic() > giveUpAt)
      throw new Error(`control group ${path} is still used by processes ${left.join(', ')}`);
    await clock.sleep(delayMs);
  }
}

async function removeEmptyGroups(host: CgroupHost, path: string): Promise<boolean> {
  let removedAll = true;
  const remove = async (folder: string): Promise<void> => {
    for (const child of await childGroups(folder)) await remove(child);
    await rmdir(folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') removedAll = false;
    });
  };
  for (const tree of host.trees) await remove(join(tree.path, path));
  return removedAll;
}

async function childGroups(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map((entry) => join(folder, entry.name));
}
