import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { mustRun, upstreamProgram } from '../support/index.ts';
import type { SpecOutcome } from './ledger.ts';

/** Upstream's e2e suite: what is in it, and a run of part of it. */

export interface SuiteRun {
  readonly kubeconfig: string;
  /** Names of the specs to run, as `listSpecs` gives them. */
  readonly specs: readonly string[];
  readonly processes: number;
  readonly nodes: number;
  /** Gets the logs, the JUnit and the JSON report. */
  readonly output: string;
  /** Aborted where the run has to end before all specs have run. */
  readonly stop: AbortSignal;
  /** Told how many specs are done, for people who wait. */
  progress(done: number, failed: number): void;
}

/** The names of all `[Conformance]` specs of the binary. */
export async function listSpecs(): Promise<string[]> {
  const output = await mustRun(upstreamProgram('e2e.test'), ['--list-tests', '--ginkgo.label-filter=Conformance']);
  return output
    .split('\n')
    .map((line) => /^\s+\S+\.go:\d+: (.*\[Conformance\].*)$/.exec(line)?.[1]?.trim())
    .filter((name) => name !== undefined);
}

/** The images that upstream keeps for its suite. */
export async function listImages(): Promise<string[]> {
  const output = await mustRun(upstreamProgram('e2e.test'), ['--list-images']);
  return output.split('\n').filter((line) => /^\S+\/\S+:\S+$/.test(line) && !line.startsWith('invalid.'));
}

/**
 * Runs the specs, serial ones alone at the end, and gives what each said. Resolves also where specs fail; throws, once no
 * process of the suite is left, where it is stopped.
 */
export async function runSpecs(run: SuiteRun): Promise<SpecOutcome[]> {
  run.stop.throwIfAborted();
  await mkdir(run.output, { recursive: true });
  const binary = upstreamProgram('e2e.test');
  const kubectl = upstreamProgram('kubectl');
  const focus = run.specs.map((spec) => `^.*${escapePattern(spec)}.*$`).join('|');
  const ginkgoFlags = [
    ...['-v', `--procs=${run.processes}`, '--timeout=24h', '--no-color', `--output-dir=${run.output}`],
    ...['--json-report=report.json', '--junit-report=junit.xml', `--focus=${focus}`],
  ];
  const suiteFlags = [
    ...[
      '--provider=skeleton',
      `--kubeconfig=${run.kubeconfig}`,
      `--kubectl-path=${kubectl}`,
      '--dns-domain=cluster.local',
    ],
    ...[`--num-nodes=${run.nodes}`, `--allowed-not-ready-nodes=${run.nodes === 0 ? -1 : 0}`],
    ...['--delete-namespace-on-failure', '--disable-log-dump', `--report-dir=${run.output}`],
  ];
  await runGinkgo([...ginkgoFlags, binary, '--', ...suiteFlags], run, dirname(kubectl));
  run.stop.throwIfAborted();
  return readReport(join(run.output, 'report.json'));
}

function runGinkgo(args: readonly string[], run: SuiteRun, toolsFolder: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const log = createWriteStream(join(run.output, 'e2e.log'));
    const child = spawn(upstreamProgram('ginkgo'), args, {
      cwd: run.output,
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own: ginkgo does not pass on to the processes of the suite that it is told to stop.
      detached: true,
      env: {
        ...process.env,
        KUBECONFIG: run.kubeconfig,
        HOME: run.output,
        PATH: `${toolsFolder}:${process.env['PATH'] ?? ''}`,
      },
    });
    // They clean up after the specs that they are at, and end.
    const interrupt = () => process.kill(-(child.pid as number), 'SIGTERM');
    run.stop.addEventListener('abort', interrupt, { once: true });
    let done = 0;
    let failed = 0;
    child.stdout.on('data', (chunk: Buffer) => {
      log.write(chunk);
      const text = chunk.toString();
      const passedNow = text.match(/^• \[[\d.]+ seconds\]$/gm)?.length ?? 0;
      const failedNow = text.match(/^• \[(FAILED|PANICKED|TIMEDOUT)\]/gm)?.length ?? 0;
      done += passedNow + failedNow;
      failed += failedNow;
      if (passedNow + failedNow > 0) run.progress(done, failed);
    });
    child.stderr.on('data', (chunk: Buffer) => log.write(chunk));
    child.once('error', reject);
    child.once('exit', () => {
      run.stop.removeEventListener('abort', interrupt);
      log.end(() => resolve());
    });
  });
}

interface GinkgoReport {
  readonly SpecReports: readonly {
    readonly LeafNodeType: string;
    readonly ContainerHierarchyTexts: readonly string[] | null;
    readonly LeafNodeText: string;
    readonly State: string;
    readonly RunTime: number;
    readonly Failure?: { readonly Message?: string };
  }[];
}

async function readReport(path: string): Promise<SpecOutcome[]> {
  const suites = JSON.parse(await readFile(path, 'utf8')) as readonly GinkgoReport[];
  return suites
    .flatMap((suite) => suite.SpecReports)
    .filter((spec) => spec.LeafNodeType === 'It' && !['skipped', 'pending', 'interrupted'].includes(spec.State))
    .map((spec) => ({
      spec: [...(spec.ContainerHierarchyTexts ?? []), spec.LeafNodeText].join(' '),
      result: spec.State === 'passed' ? 'pass' : 'fail',
      seconds: spec.RunTime / 1e9,
      message: spec.Failure?.Message ?? spec.State,
    }));
}

function escapePattern(text: string): string {
  return text
    .replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
    .replaceAll('\\/', '/')
    .replaceAll('\\-', '-');
}
