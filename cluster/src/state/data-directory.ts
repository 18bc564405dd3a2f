import { access, constants, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '@coracle/apimachinery/clock';
import { explainFileError, makeFolder } from '@coracle/client/files';
import { ConfigError, type FargateSelector } from '../config/cluster-config.ts';

/** What the process that runs a cluster tells the commands that come after it. */
export interface ClusterState {
  readonly name: string;
  readonly pid: number;
  /** Start time of the process in clock ticks since boot: tells a reused process id apart. */
  readonly processStart: string;
  readonly url: string;
  readonly runtime: 'containerd' | 'hollow';
  readonly phase: 'starting' | 'ready';
  /** RFC 3339. */
  readonly startedAt: string;
  /** The kubeconfig file that got the cluster's context. */
  readonly kubeconfig: string;
  /** Those of when it became ready. */
  readonly pools: ClusterPools;
}

/** The process that has a folder. */
export interface Holder {
  readonly pid: number;
  readonly processStart: string;
  /** It runs nothing but the cluster and ends with it. */
  readonly stoppable: boolean;
}

/** What a cluster has to run pods on. */
export interface ClusterPools {
  readonly nodeGroups: readonly string[];
  readonly fargateSelectors: readonly FargateSelector[];
}

/** How soon a deleted folder is noticed. */
const lossPollMs = 2000;
const lockFile = 'coracle.lock';
const stateFile = 'cluster.json';
const outputFile = 'output.log';
const ownEntries: readonly string[] = [lockFile, stateFile, outputFile, 'pki'];

/** The folder of one cluster: held by one process at a time, readable by every command. */
export class DataDirectory {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  get pkiDirectory(): string {
    return join(this.path, 'pki');
  }

  /** Archives that `image load` put there, for machines that are made later. */
  get imagesDirectory(): string {
    return join(this.path, 'images');
  }

  /** The administrator's kubeconfig of this cluster alone. */
  get kubeconfigPath(): string {
    return join(this.path, 'kubeconfig');
  }

  /** What a detached process prints. */
  get outputLog(): string {
    return join(this.path, outputFile);
  }

  get controlSocket(): string {
    return join(this.path, 'control.sock');
  }

  async writeKubeconfig(text: string): Promise<void> {
    await this.#replace(this.kubeconfigPath, text);
  }

  /** True where a cluster has been kept here. */
  async isCluster(): Promise<boolean> {
    return stat(this.pkiDirectory).then(
      () => true,
      () => false,
    );
  }

  /** Makes the folder where it is missing. Throws ConfigError where it cannot be one of a cluster. */
  async make(): Promise<void> {
    try {
      await makeFolder(this.path, 0o700);
    } catch (error) {
      throw new ConfigError(`--data-dir: ${(error as Error).message}`);
    }
    await this.#refuseForeignFolder();
    await access(this.path, constants.W_OK).catch((error: unknown) => {
      throw new ConfigError(`--data-dir ${this.path} cannot be written: ${explainFileError(error)}`);
    });
  }

  /**
   * Takes the directory for this process; `stoppable` ones may be told by a command to stop. Throws ConfigError, naming the holder,
   * where another one has it.
   */
  async lock(name: string, stoppable = false): Promise<{ release(): Promise<void> }> {
    await this.make();
    const path = join(this.path, lockFile);
    const holder: Holder = { pid: process.pid, processStart: await processStart(process.pid), stoppable };
    for (;;) {
      try {
        const file = await open(path, 'wx', 0o600);
        await file.writeFile(JSON.stringify(holder));
        await file.close();
        return { release: () => rm(path, { force: true }) };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      const other = await this.holder();
      if (other !== undefined) {
        const advice = `${other.stoppable ? `"coracle down --name ${name}" stops it, ` : ''}another --name or --data-dir makes a second cluster`;
        throw new ConfigError(`${this.path} is in use by process ${other.pid}: ${advice}`);
      }
      await rm(path, { force: true });
    }
  }

  /** The process that has the folder, from the first step of its start to the last of its end; undefined where none has. */
  async holder(): Promise<Holder | undefined> {
    const holder = await readJson<Holder>(join(this.path, lockFile));
    return holder !== undefined && (await isRunning(holder)) ? holder : undefined;
  }

  async readState(): Promise<ClusterState | undefined> {
    return readJson<ClusterState>(join(this.path, stateFile));
  }

  async writeState(state: ClusterState): Promise<void> {
    await this.#replace(join(this.path, stateFile), `${JSON.stringify(state, undefined, 2)}\n`);
  }

  /** The state of the process that runs the cluster now; undefined where none does. */
  async runningState(): Promise<ClusterState | undefined> {
    const state = await this.readState();
    return state !== undefined && (await isRunning(state)) ? state : undefined;
  }

  /** Resolves when this process's cluster is no longer what is kept here, as somebody has deleted the folder; or at the signal. */
  async lost(clock: Clock, signal: AbortSignal): Promise<void> {
    while (!signal.aborted && !(await this.#isLost())) await clock.sleep(lossPollMs, signal).catch(() => {});
  }

  async #isLost(): Promise<boolean> {
    const state = await this.readState();
    if (state !== undefined) return state.pid !== process.pid;
    // What cannot be read now, as on a machine without free file handles, is not lost.
    return stat(join(this.path, stateFile)).then(
      () => false,
      (error: NodeJS.ErrnoException) => error.code === 'ENOENT',
    );
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }

  /** Whole or not at all: readers never see half a file. */
  async #replace(target: string, text: string): Promise<void> {
    await writeFile(`${target}.new`, text, { mode: 0o600 });
    await rename(`${target}.new`, target);
  }

  /** `delete` removes the whole folder: one with somebody else's files in it is never taken over. */
  async #refuseForeignFolder(): Promise<void> {
    const entries = await readdir(this.path).catch((error: unknown) => {
      throw new ConfigError(`--data-dir ${this.path} cannot be read: ${explainFileError(error)}`);
    });
    const own = entries.some((entry) => ownEntries.includes(entry));
    if (entries.length > 0 && !own) {
      throw new ConfigError(
        `--data-dir ${this.path} holds files that are not a cluster's: name an empty or new folder`,
      );
    }
  }
}

/** Empty where there is no such process, or only its remains: nobody collects those where pid 1 is no init. */
export async function processStart(pid: number): Promise<string> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // Counted after the command in parentheses, which may hold spaces: state is field 3, the start field 22.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' ? '' : (fields[19] ?? '');
}

async function isRunning(process: { pid: number; processStart: string }): Promise<boolean> {
  const started = await processStart(process.pid);
  return started !== '' && started === process.processStart;
}

async function readJson<T>(path: string): Promise<T | undefined> {
  const content = await readFile(path, 'utf8').catch(() => undefined);
  if (content === undefined) return undefined;
  try {
    return JSON.parse(content) as T;
  } catch {
    return undefined;
  }
}
