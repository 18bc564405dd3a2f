import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { NodeAgentOptions } from '../node/options.ts';

export interface NodeUsage {
  readonly cpuNanoseconds: number;
  /** Without what the kernel can take back at once. */
  readonly memoryBytes: number;
}

const mount = '/sys/fs/cgroup';

/** What the machine as a whole uses, from its cgroup; zero where a figure cannot be read. */
export async function readNodeUsage({ cgroup, cgroupParent }: NodeAgentOptions): Promise<NodeUsage> {
  return cgroup === 'v1' ? usageV1(cgroupParent) : usageV2(cgroupParent);
}

async function usageV1(parent: string): Promise<NodeUsage> {
  const [cpu, memoryBytes = 0] = await Promise.all([
    read(join(mount, 'cpuacct', parent, 'cpuacct.usage')),
    readMemoryBytes({ cgroup: 'v1', cgroupParent: parent }),
  ]);
  return { cpuNanoseconds: Number(cpu), memoryBytes };
}

async function usageV2(parent: string): Promise<NodeUsage> {
  const [cpu, memoryBytes = 0] = await Promise.all([
    read(join(mount, parent, 'cpu.stat')),
    readMemoryBytes({ cgroup: 'v2', cgroupParent: parent }),
  ]);
  return { cpuNanoseconds: field(cpu, 'usage_usec') * 1000, memoryBytes };
}

type Group = Pick<NodeAgentOptions, 'cgroup' | 'cgroupParent'>;

/** The working set of a cgroup; undefined where there is none. */
export async function readMemoryBytes({ cgroup, cgroupParent }: Group): Promise<number | undefined> {
  const folder = join(mount, cgroup === 'v1' ? 'memory' : '', cgroupParent);
  const files = cgroup === 'v1' ? ['memory.usage_in_bytes', 'memory.stat'] : ['memory.current', 'memory.stat'];
  try {
    const [used = '', stat = ''] = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
    return Math.max(0, Number(used) - field(stat, cgroup === 'v1' ? 'total_inactive_file' : 'inactive_file'));
  } catch {
    return undefined;
  }
}

/** The processes and threads of a cgroup and how many it may have (Infinity: as many as the host); undefined where none. */
export async function readProcesses({
  cgroup,
  cgroupParent,
}: Group): Promise<{ readonly count: number; readonly limit: number } | undefined> {
  const folder = join(mount, cgroup === 'v1' ? 'pids' : '', cgroupParent);
  try {
    const files = ['pids.current', 'pids.max'].map((file) => readFile(join(folder, file), 'utf8'));
    const [count = '', limit = ''] = await Promise.all(files);
    return { count: Number(count), limit: limit.trim() === 'max' ? Number.POSITIVE_INFINITY : Number(limit) };
  } catch {
    return undefined;
  }
}

async function read(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '0');
}

function field(text: string, name: string): number {
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
}
