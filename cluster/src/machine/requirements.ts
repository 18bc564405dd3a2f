import { spawn } from 'node:child_process';
import { access, constants, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RuntimeChoice } from '../config/cluster-config.ts';
import { ConfigError } from '../config/cluster-config.ts';

/** A program that real nodes need, the distribution's package that has it, and what it does here. */
export interface Requirement {
  readonly program: string;
  readonly package: string;
  readonly reason: string;
}

export const requirements: readonly Requirement[] = [
  { program: 'containerd', package: 'containerd', reason: 'runs the containers of a node' },
  { program: 'runc', package: 'runc', reason: 'starts each container' },
  // Not `bridge`: iproute2 has a program of that name too.
  { program: 'host-local', package: 'containernetworking-plugins', reason: 'gives pods their network' },
  { program: 'nft', package: 'nftables', reason: 'routes Services' },
  { program: 'ip', package: 'iproute2', reason: 'makes the nodes’ networks' },
  { program: 'conntrack', package: 'conntrack', reason: 'forgets UDP flows to pods that are gone' },
];

const searchPath = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/sbin', '/usr/lib/cni', '/opt/cni/bin'];

/** Those whose program is in none of `folders`. */
export async function missingRequirements(folders: readonly string[] = searchPath): Promise<readonly Requirement[]> {
  const found = await Promise.all(requirements.map((requirement) => isInstalled(requirement.program, folders)));
  return requirements.filter((_, index) => !found[index]);
}

async function isInstalled(program: string, folders: readonly string[] = searchPath): Promise<boolean> {
  for (const folder of folders) {
    const path = join(folder, program);
    if (
      await access(path, constants.X_OK).then(
        () => true,
        () => false,
      )
    )
      return true;
  }
  return false;
}

export interface RuntimeDecision {
  readonly runtime: 'containerd' | 'hollow';
  /** One line for the user where the answer is not what they may expect. */
  readonly remark?: string;
}

/**
 * What will run the containers. `auto` falls back to hollow nodes and says why; an explicit `containerd` fails instead.
 * Installs missing packages with apt where that is possible, after `announce` told what and why.
 */
export async function decideRuntime(choice: RuntimeChoice, announce: (line: string) => void): Promise<RuntimeDecision> {
  if (choice === 'hollow') return { runtime: 'hollow' };
  const obstacle = await obstacleToContainers(announce);
  if (obstacle === undefined) return { runtime: 'containerd' };
  if (choice === 'containerd') throw new ConfigError(`--runtime containerd: ${obstacle}`);
  return { runtime: 'hollow', remark: `${obstacle}: the same cluster runs on hollow nodes, which start no containers` };
}

async function obstacleToContainers(announce: (line: string) => void): Promise<string | undefined> {
  if (process.platform !== 'linux') return `containers need Linux, this is ${process.platform}`;
  if (process.getuid?.() !== 0) return 'containers need root (try sudo)';
  const missing = await missingRequirements();
  if (missing.length === 0) return undefined;
  if (!(await isInstalled('apt-get')))
    return `${missing.map((requirement) => requirement.program).join(', ')} not installed`;
  for (const requirement of missing) announce(`installing ${requirement.package}: ${requirement.reason}`);
  const packages = missing.map((requirement) => requirement.package);
  const failure = await install(packages);
  if (failure !== undefined) return `apt-get install ${packages.join(' ')} failed (${failure})`;
  const still = await missingRequirements();
  return still.length === 0 ? undefined : `${still.map((requirement) => requirement.program).join(', ')} not installed`;
}

/** Undefined on success, otherwise the last line apt said. */
async function install(packages: readonly string[]): Promise<string | undefined> {
  const update = await apt(['update', '-qq']);
  return (
    (await apt(['install', '-y', '-qq', '--no-install-recommends', ...packages])) && (update ?? 'see apt-get install')
  );
}

function apt(args: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = spawn('apt-get', args, {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
    let errors = '';
    child.stderr.on('data', (chunk: Buffer) => {
      errors += chunk.toString();
    });
    child.on('error', (error) => resolve(error.message));
    child.on('exit', (code) =>
      resolve(code === 0 ? undefined : errors.trim().split('\n').at(-1) || `exit code ${code}`),
    );
  });
}

/** True on the unified hierarchy; false on v1 and hybrid. */
export async function isCgroupV2(): Promise<boolean> {
  const mounts = await readFile('/proc/self/mounts', 'utf8').catch(() => '');
  return mounts.split('\n').some((line) => line.split(' ')[1] === '/sys/fs/cgroup' && line.split(' ')[2] === 'cgroup2');
}
