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
  const [cpu, memory, stat] = await Promise.all([
    read(join(mount, 'cpuacct', parent, 'cpuacct.usage')),
    read(join(mount, 'memory', parent, 'memory.usage_in_bytes')),
    read(join(mount, 'memory', parent, 'memory.stat')),
  ]);
  return { cpuNanoseconds: Number(cpu), memoryBytes: Math.max(0, Number(memory) - field(stat, 'total_inactive_file')) };
}

async function usageV2(parent: string): Promise<NodeUsage> {
  const folder = join(mount, parent);
  const [cpu, memory, stat] = await Promise.all([
    read(join(folder, 'cpu.stat')),
    read(join(folder, 'memory.current')),
    read(join(folder, 'memory.stat')),
  ]);
  return {
    cpuNanoseconds: field(cpu, 'usage_usec') * 1000,
    memoryBytes: Math.max(0, Number(memory) - field(stat, 'inactive_file')),
  };
}

async function read(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '0');
}

function field(text: string, name: string): number {
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
}
