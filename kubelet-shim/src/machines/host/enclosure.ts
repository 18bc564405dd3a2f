import { spawn } from 'node:child_process';
import { open, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CgroupHost, cgroupProcessFiles } from './cgroups.ts';
import { type Lifeline, makeLifeline, openLifeline } from './lifeline.ts';
import { childProcesses, identifyProcess, isRunning, killProcess, type ProcessIdentity } from './processes.ts';

/**
 * The namespaces that make a machine of processes: mounts, processes, IPC, host name and (for machines with an address
 * of their own) network. Held by an init process that outlives this program; when init ends, the kernel ends everything in
 * them and drops their mounts and links.
 */
export interface Enclosure {
  readonly init: ProcessIdentity;
  /** True where it was found running, false where it was started now. */
  readonly adopted: boolean;
  /** Resolves when init has ended, whoever ended it. */
  readonly ended: Promise<void>;
  /** The words before a command to run it inside. */
  readonly enter: readonly string[];
  /** The words before a command to run it on this host's files but in the machine's network. */
  readonly enterNetwork: readonly string[];
  /** Ends everything inside at once. Resolves when it is over. */
  end(): Promise<void>;
  /** Lets go of it without ending it. */
  release(): void;
}

export interface EnclosureOptions {
  /** Folder for its record, FIFO and log; exists. */
  readonly directory: string;
  readonly hostName: string;
  /** What programs of the machine resolve names with, as its resolv.conf says. */
  readonly nameServer: string;
  /** Path of the init program. */
  readonly initProgram: string;
  /** False: it shares the network of the host. */
  readonly ownNetwork: boolean;
  readonly cgroups: CgroupHost;
  /** Exists; init and everything that is entered through `enter` by itself is put there. */
  readonly cgroup: string;
}

/**
 * Runs as process 1 of the new namespaces. `0` in cgroup.procs stands for the writer. What containerd and its helpers leave in
 * /run goes with the machine.
 */
const setup = `set -e
exec 3>"$1/init.alive"
directory=$1 init=$2 name=$3; shift 3
for file; do echo 0 > "$file"; done
echo "$name" > /proc/sys/kernel/hostname
mount --make-rshared /
mkdir -p /run/containerd
mount -t tmpfs -o mode=711 tmpfs /run/containerd
mount --bind "$directory/resolv.conf" "$(readlink -f /etc/resolv.conf)"
echo ready >&3
exec "$init"`;

const newNamespaces = ['--mount', '--pid', '--ipc', '--uts', '--fork', '--propagation', 'slave', '--mount-proc'];
const inShell = (script: string): readonly string[] => ['--', '/bin/sh', '-c', script, 'machine'];

/** Finds the machine's running enclosure, or starts one. Throws Error with the end of its log where it does not start. */
export async function openEnclosure(options: EnclosureOptions): Promise<Enclosure> {
  const running = await findEnclosure(options.directory);
  if (running !== undefined) {
    const lifeline = (await openLifeline(join(options.directory, 'init.alive'))).watch();
    return enclosure(running, true, options, lifeline);
  }
  const fifo = join(options.directory, 'init.alive');
  await makeLifeline(fifo);
  const waiting = await openLifeline(fifo);
  await writeFile(join(options.directory, 'resolv.conf'), `nameserver ${options.nameServer}\n`);
  const log = await open(join(options.directory, 'init.log'), 'w');
  const child = spawn(
    'unshare',
    [
      ...newNamespaces,
      ...(options.ownNetwork ? ['--net'] : []),
      ...inShell(setup),
      options.directory,
      options.initProgram,
      options.hostName,
      ...cgroupProcessFiles(options.cgroups, options.cgroup),
    ],
    { detached: true, stdio: ['ignore', log.fd, log.fd], cwd: '/' },
  );
  const spawned = new Promise<void>((resolve, reject) => child.once('spawn', resolve).once('error', reject));
  await spawned.finally(() => log.close());
  child.unref();
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const lifeline = waiting.watch();
  await Promise.race([lifeline.firstLine, exited.then(() => failure(options))]).catch(() => failure(options));
  const [pid = 0] = await childProcesses(child.pid ?? 0);
  const init = await identifyProcess(pid);
  if (init === undefined) return failure(options);
  await writeRecord(options.directory, init);
  return enclosure(init, false, options, lifeline);
}

/** The init process of the enclosure that was started in this folder, where it still runs. */
export async function findEnclosure(directory: string): Promise<ProcessIdentity | undefined> {
  const text = await readFile(join(directory, 'init.json'), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const identity = JSON.parse(text) as ProcessIdentity;
  return (await isRunning(identity)) ? identity : undefined;
}

async function writeRecord(directory: string, init: ProcessIdentity): Promise<void> {
  const file = join(directory, 'init.json');
  await writeFile(`${file}.new`, JSON.stringify(init));
  await rename(`${file}.new`, file);
}

async function failure(options: EnclosureOptions): Promise<never> {
  const log = await readFile(join(options.directory, 'init.log'), 'utf8').catch(() => '');
  throw new Error(`machine ${options.hostName} did not start: ${log.trim().split('\n').at(-1) || 'its init ended'}`);
}

function enclosure(init: ProcessIdentity, adopted: boolean, options: EnclosureOptions, lifeline: Lifeline): Enclosure {
  const target = ['nsenter', '--target', String(init.pid)];
  const network = options.ownNetwork ? ['--net'] : [];
  return {
    init,
    adopted,
    ended: lifeline.ended,
    enter: [...target, '--mount', '--pid', '--ipc', '--uts', ...network, '--'],
    enterNetwork: options.ownNetwork ? [...target, '--net', '--'] : [],
    async end() {
      await killProcess(init);
      await lifeline.ended;
      lifeline.close();
    },
    release: () => lifeline.close(),
  };
}
