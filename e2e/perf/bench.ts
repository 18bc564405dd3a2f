/**
 * `npm run bench`: the same work, by the same client, on upstream's control plane and on this one in turn; prints both with
 * the ratio, ahead or behind. Cost is the processor time of all server processes, an operation; it hardly depends on the
 * hour. Rate is operations a second with client and servers on the same machine. `--only create` picks works by title and
 * leaves out what an idle control plane takes.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { mustRun, repository, upstreamProgram } from '../support/index.ts';
import { processorMs, residentMiB } from './process-usage.ts';
import { formatReport, type Idle, type Measured, podRunsTitle, type Report } from './report.ts';
import { measurePodRuns } from './run-pod.ts';
import { coracle, reference, type RunningSubject, type Subject } from './subject.ts';
import { schedulingWorks, type Work, works } from './works.ts';

const workTimeoutMs = 600_000;
const idleSettleMs = 10_000;
const idleMeasureMs = 30_000;

const { values: flags } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    /** Measures this control plane alone: quick, for work on one number. */
    'without-reference': { type: 'boolean', default: false },
    output: { type: 'string', short: 'o', default: 'text' },
  },
});

const chosen = ({ title }: Pick<Work, 'title'>) =>
  flags.only === undefined || flags.only.some((part) => title.includes(part));
// As `npm run bench` and `npm start` have it (tools/bootstrap.mjs).
process.env['NODE_COMPILE_CACHE'] ??= join(repository, 'node_modules/.cache/compiled');
const client = upstreamProgram('bench-client');
const reports: Report[] = [];
for (const subject of subjects()) {
  process.stderr.write(`— ${subject.title}\n`);
  reports.push(await measure(subject));
}
const podRuns = chosen({ title: podRunsTitle }) ? await measurePodRuns() : undefined;
process.stdout.write(
  flags.output === 'json'
    ? `${JSON.stringify({ reports, podRuns }, undefined, 2)}\n`
    : formatReport(reports, podRuns, [...works, ...schedulingWorks]),
);

/** None where only pods on real nodes are asked for. */
function subjects(): readonly Subject[] {
  if (![...works, ...schedulingWorks].some(chosen)) return [];
  return flags['without-reference'] ? [coracle] : [reference, coracle];
}

async function measure(subject: Subject): Promise<Report> {
  // Programs come from the page cache and compiled code from its own: what is timed is a start, not the first one ever.
  await (await subject.start()).stop();
  const first = await subject.start();
  const { readyMs } = first;
  const measured: Measured[] = [];
  let idle: Idle | undefined;
  let loadedMiB: number;
  try {
    await work(first, ['-work', 'namespace']);
    if (flags.only === undefined) idle = await measureIdle(first);
    for (const each of works.filter(chosen)) measured.push(await measureWork(first, each));
    loadedMiB = residentMiB(first.pids);
  } finally {
    await first.stop();
  }
  measured.push(...(await measureScheduling(subject)));
  return { title: subject.title, readyMs, idle, loadedMiB, measured };
}

async function measureIdle({ pids }: RunningSubject): Promise<Idle> {
  await sleep(idleSettleMs);
  const memoryMiB = residentMiB(pids);
  const before = processorMs(pids);
  await sleep(idleMeasureMs);
  return { memoryMiB, share: (processorMs(pids) - before) / idleMeasureMs };
}

/** On a cluster of its own, so that what came before does not weigh on it. */
async function measureScheduling(subject: Subject): Promise<Measured[]> {
  const wanted = schedulingWorks.filter(chosen);
  if (wanted.length === 0) return [];
  const running = await subject.start();
  try {
    await work(running, ['-work', 'namespace']);
    await work(running, ['-work', 'nodes', '-nodes', '1000']);
    const measured: Measured[] = [];
    for (const each of wanted) measured.push(await measureWork(running, each));
    return measured;
  } finally {
    await running.stop();
  }
}

async function measureWork(running: RunningSubject, { title, args }: Work): Promise<Measured> {
  const before = processorMs(running.pids);
  const result = await work(running, args);
  const measured: Measured = {
    title,
    rate: result.ops / result.seconds,
    costMs: (processorMs(running.pids) - before) / result.ops,
    clientMs: result.clientMs / result.ops,
    p99Ms: result.latencyP99,
    lost: result.lost,
  };
  process.stderr.write(`  ${title}: ${measured.rate.toFixed(1)}/s, ${measured.costMs.toFixed(3)} ms\n`);
  return measured;
}

interface ClientResult {
  readonly ops: number;
  readonly seconds: number;
  readonly clientMs: number;
  readonly latencyP99: number;
  readonly lost: number;
}

async function work(running: RunningSubject, args: readonly string[]): Promise<ClientResult> {
  const output = await mustRun(client, ['-kubeconfig', running.kubeconfig, ...args], { timeoutMs: workTimeoutMs });
  return JSON.parse(output) as ClientResult;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
