import { readFile } from 'node:fs/promises';
import { release } from 'node:os';
import type { NodeSystemInfo } from '@coracle/apimachinery/types/core-v1';
import type { RuntimeVersion } from '../runtime/index.ts';
import { architecture } from './node-object.ts';
import type { NodeAgentOptions } from './options.ts';

/** What `kubectl get nodes -o wide` shows of the machine. */
export async function systemInfo(options: NodeAgentOptions, runtime: RuntimeVersion): Promise<NodeSystemInfo> {
  const { kubeletVersion, systemInfo: own = {} } = options;
  const [machineID, bootID, osRelease] = await Promise.all([
    own.machineID ?? firstLine('/etc/machine-id'),
    own.bootID ?? firstLine('/proc/sys/kernel/random/boot_id'),
    readFile('/etc/os-release', 'utf8').catch(() => ''),
  ]);
  return {
    machineID,
    systemUUID: own.systemUUID ?? machineID,
    bootID,
    kernelVersion: release(),
    osImage: /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(osRelease)?.[1] ?? 'Linux',
    containerRuntimeVersion: `${runtime.name}://${runtime.version}`,
    kubeletVersion,
    // Deprecated upstream and empty there, but required on the wire.
    kubeProxyVersion: '',
    operatingSystem: 'linux',
    architecture: architecture(),
  };
}

async function firstLine(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return text.trim();
}
