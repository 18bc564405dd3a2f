import { execFile, execFileSync, type ExecFileException } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { programEntry } from '../../tools/program.mjs';

/** Upstream programs that judge this project; `tools/upstream/build` makes them once. */
export type UpstreamProgram =
  | 'bench-client'
  | 'kubectl'
  | 'helm'
  | 'helm4'
  | 'e2e.test'
  | 'ginkgo'
  | 'agnhost'
  | 'sample-apiserver'
  | 'etcd'
  | 'kube-apiserver'
  | 'kube-controller-manager'
  | 'kube-scheduler';

export const repository = join(import.meta.dirname, '../..');

/** The file that Node runs for `./coracle`: the bundle, made where it is stale. */
export function coracleProgram(): Promise<string> {
  return programEntry(repository, (problem) => {
    throw new Error(problem);
  });
}

/** Where scenarios keep what takes long to make: downloads, images, upstream's programs. */
export const toolsFolder = process.env['CORACLE_TOOLS'] ?? join(homedir(), '.cache/coracle-tools');

/** Path of a program, built now where it is missing. Throws, saying how to get it, where that cannot be. */
export function upstreamProgram(name: UpstreamProgram): string {
  const path = join(toolsFolder, name);
  if (!existsSync(path))
    execFileSync(join(repository, 'tools/upstream/build'), [name], { stdio: ['ignore', 'ignore', 'inherit'] });
  return path;
}

/** Programs of e2e/scenarios/clients, and the Python that has the library for one. */
export type ClientProgram = 'client-informers' | 'client-operator' | 'python-client/bin/python';

/** Path of a client program, made anew where its source has changed since. */
export function clientProgram(name: ClientProgram): string {
  const [target = ''] = name.split('/');
  execFileSync(join(repository, 'tools/upstream/build'), [target], { stdio: ['ignore', 'ignore', 'inherit'] });
  return join(toolsFolder, name);
}

/** Why a client program cannot be made here; undefined where it can. */
export function clientObstacle(name: ClientProgram): string | undefined {
  const [needed, ...args] = name.startsWith('python') ? ['python3', '-m', 'ensurepip', '--version'] : ['go', 'version'];
  try {
    execFileSync(needed ?? '', args, { stdio: 'ignore' });
    return undefined;
  } catch {
    return `${name} needs ${[needed, ...args.slice(0, 2)].join(' ')}, which is not here`;
  }
}

/** Why upstream programs cannot be had here; undefined where they can. */
export function upstreamObstacle(...names: readonly UpstreamProgram[]): string | undefined {
  if (names.every((name) => existsSync(join(toolsFolder, name)))) return undefined;
  try {
    execFileSync('go', ['version'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return `${names.join(', ')}: not built, and there is no Go to build them with`;
  }
}

/** Why upstream's API server, and what else of its control plane is named, cannot be asked here: minutes of building are not for a test. */
export function referenceObstacle(...more: readonly UpstreamProgram[]): string | undefined {
  const needed: readonly UpstreamProgram[] = ['etcd', 'kube-apiserver', ...more];
  const missing = needed.filter((name) => !existsSync(join(toolsFolder, name)));
  if (missing.length === 0) return undefined;
  return `${missing.join(' and ')} not built; "tools/upstream/build ${missing.join(' ')}" does it`;
}

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly timeoutMs?: number;
  readonly cwd?: string;
}

const outputBytesMax = 64 * 1024 * 1024;
const defaultTimeoutMs = 120_000;

/** Runs a program to its end, whatever its exit code; throws where it cannot be run, and where a signal or the timeout ends it. */
export function runProgram(program: string, args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      program,
      [...args],
      {
        maxBuffer: outputBytesMax,
        timeout: options.timeoutMs ?? defaultTimeoutMs,
        env: { ...process.env, ...options.env },
        ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      },
      (error: ExecFileException | null, stdout, stderr) => {
        if (error !== null && typeof error.code !== 'number') {
          reject(new Error(`${program} ${args.join(' ')}: ${error.message}\n${stdout}${stderr}`));
        } else {
          resolve({ code: Number(error?.code ?? 0), stdout, stderr });
        }
      },
    );
    child.stdin?.end(options.input ?? '');
  });
}

/** Runs a program that must succeed; gives its standard output. */
export async function mustRun(program: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const outcome = await runProgram(program, args, options);
  if (outcome.code !== 0) {
    throw new Error(`${program} ${args.join(' ')} ended with ${outcome.code}:\n${outcome.stdout}${outcome.stderr}`);
  }
  return outcome.stdout;
}
