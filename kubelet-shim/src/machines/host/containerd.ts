import { spawn } from 'node:child_process';
import { mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Environment } from '@coracle/apimachinery/component';
import { type CgroupHost, cgroupProcessFiles } from './cgroups.ts';
import { CommandError, run } from './command.ts';
import type { Enclosure } from './enclosure.ts';
import { type Lifeline, makeLifeline, openLifeline } from './lifeline.ts';
import { sandboxImageName } from './sandbox-image.ts';

/** The containerd of a machine. It is started again when it ends before its machine does; containers outlive that. */
export interface Containerd {
  readonly socket: string;
  /** Imports an image archive (docker or OCI); resolves to the names in it. */
  importImage(archive: string): Promise<readonly string[]>;
  /** Stops looking after it. */
  release(): void;
}

export interface ContainerdOptions {
  /** Its disk, configuration and log: kept when the machine stops. */
  readonly directory: string;
  readonly socket: string;
  readonly enclosure: Enclosure;
  readonly cgroups: CgroupHost;
  readonly cgroup: string;
  /** Where exec, attach and port-forward sessions are served: an address of the machine. */
  readonly streamAddress: string;
  /** Folders of CNI programs, first found wins. */
  readonly cniPrograms: string;
  /** One CNI network list. */
  readonly cniNetwork: object;
  /** Folder of registry settings (`<host>/hosts.toml`). */
  readonly registries: string;
}

const restartDelayMs = 1000;
const startTimeoutMs = 60_000;

export async function startContainerd(environment: Environment, options: ContainerdOptions): Promise<Containerd> {
  const { directory, enclosure, socket } = options;
  const fifo = join(directory, 'containerd.alive');
  const released = new AbortController();
  let lifeline: Lifeline | undefined;

  const launch = async (): Promise<Lifeline> => {
    await makeLifeline(fifo);
    const waiting = await openLifeline(fifo);
    await spawnContainerd(options);
    const line = waiting.watch();
    await line.firstLine;
    return line;
  };
  const machineEnded = new AbortController();
  enclosure.ended.then(() => machineEnded.abort(new Error('the machine has ended')));
  const lookAfter = async (): Promise<void> => {
    while (!released.signal.aborted) {
      await lifeline?.ended;
      lifeline?.close();
      // A machine that ends takes its containerd along and is noticed a little later.
      await environment.clock.sleep(restartDelayMs, AbortSignal.any([released.signal, machineEnded.signal]));
      environment.log.warn('containerd ended, starting it again', { directory });
      lifeline = await launch();
    }
  };

  if (enclosure.adopted && (await answers(socket))) {
    lifeline = (await openLifeline(fifo)).watch();
  } else {
    // What the last run left there names mounts and processes that are no more.
    if (!enclosure.adopted) await rm(join(directory, 'state'), { recursive: true, force: true });
    await configure(options);
    lifeline = await launch();
    await ready(environment, socket, enclosure, directory);
  }
  lookAfter().catch((error: unknown) => {
    if (!released.signal.aborted && !machineEnded.signal.aborted)
      environment.log.error('containerd cannot be started', { directory, error: String(error) });
  });

  return {
    socket,
    async importImage(archive) {
      const importing = ['ctr', '--address', socket, '-n', 'k8s.io', 'images', 'import', archive];
      const output = await run([...enclosure.enter, ...importing]).catch((error: unknown) => {
        throw new Error(`containerd cannot import it: ${error instanceof CommandError ? error.stderr : String(error)}`);
      });
      return [...output.matchAll(/^unpacking (\S+)/gm)].map((match) => match[1] ?? '');
    },
    release() {
      released.abort(new Error('the machine is being stopped'));
      lifeline?.close();
    },
  };
}

async function configure(options: ContainerdOptions): Promise<void> {
  const network = join(options.directory, 'cni');
  await mkdir(network, { recursive: true });
  await mkdir(dirname(options.socket), { recursive: true });
  await mkdir(options.registries, { recursive: true });
  await writeFile(join(network, '10-coracle.conflist'), JSON.stringify(options.cniNetwork, undefined, 2));
  await writeFile(join(options.directory, 'containerd.toml'), containerdConfig(options, network));
}

/** In the format that containerd 1.6 to 2.x read. */
export function containerdConfig(options: ContainerdOptions, network: string): string {
  return `version = 2
root = "${options.directory}/root"
state = "${options.directory}/state"
disabled_plugins = ["io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper", \
"io.containerd.snapshotter.v1.zfs", "io.containerd.internal.v1.opt", "io.containerd.tracing.processor.v1.otlp"]
[grpc]
  address = "${options.socket}"
[ttrpc]
  address = "${options.socket}.ttrpc"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${sandboxImageName}"
  stream_server_address = "${options.streamAddress}"
  stream_server_port = "0"
  restrict_oom_score_adj = true
  tolerate_missing_hugetlb_controller = true
  disable_hugetlb_controller = true
  netns_mounts_under_state_dir = true
  enable_unprivileged_ports = true
  enable_unprivileged_icmp = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "${options.cniPrograms}"
    conf_dir = "${network}"
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "${options.registries}"
`;
}

const launcher = `exec 3>"$1/containerd.alive"
directory=$1; shift
for file; do echo 0 > "$file"; done
echo started >&3
exec containerd --config "$directory/containerd.toml"`;

async function spawnContainerd({ directory, enclosure, cgroups, cgroup }: ContainerdOptions): Promise<void> {
  const log = await open(join(directory, 'containerd.log'), 'a');
  const [program = '', ...words] = [
    ...enclosure.enter,
    '/bin/sh',
    '-c',
    launcher,
    'containerd',
    directory,
    ...cgroupProcessFiles(cgroups, cgroup),
  ];
  const child = spawn(program, words, {
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
    cwd: '/',
    env: {
      PATH: `${process.env['PATH'] ?? ''}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
      ...proxySettings(),
    },
  });
  const spawned = new Promise<void>((resolve, reject) => child.once('spawn', resolve).once('error', reject));
  await spawned.finally(() => log.close());
  child.unref();
}

/** Pulls go out as this process would. */
function proxySettings(): Record<string, string> {
  const names = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', 'no_proxy'];
  return Object.fromEntries(names.flatMap((name) => (process.env[name] ? [[name, process.env[name] ?? '']] : [])));
}

async function answers(socket: string): Promise<boolean> {
  return run(['ctr', '--address', socket, '--connect-timeout', '1s', 'version']).then(
    () => true,
    () => false,
  );
}

/** Resolves once it serves. Its socket has no event to wait for, so it is asked at growing intervals. */
async function ready(environment: Environment, socket: string, enclosure: Enclosure, directory: string): Promise<void> {
  const { clock } = environment;
  const giveUpAt = clock.monotonic() + startTimeoutMs;
  let ended = false;
  enclosure.ended.then(() => {
    ended = true;
  });
  for (let delayMs = 20; !(await answers(socket)); delayMs = Math.min(delayMs * 1.5, 500)) {
    if (ended || clock.monotonic() > giveUpAt) {
      const log = await readFile(join(directory, 'containerd.log'), 'utf8').catch(() => '');
      throw new Error(`containerd did not start: ${log.trim().split('\n').slice(-3).join(' | ')}`);
    }
    await clock.sleep(delayMs);
  }
}
