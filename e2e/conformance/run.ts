/**
 * `npm run conformance`: upstream's own suite against a cluster of this project, compared with the ledger.
 *   --level api,pod-status     only specs of these levels (default: all)
 *   --focus TEXT               only specs whose name contains this
 *   --failed                   only specs that the ledger does not call a pass
 *   --processes 8              at the same time
 *   --update                   write what was seen to the ledger
 *   --kubeconfig FILE          an existing cluster in place of a new one
 *   --runtime hollow           of the new one's nodes (default: containerd where a spec needs containers)
 *   --output FOLDER            for logs, JUnit and JSON (default: a temporary one)
 * Ended by a signal, it stops the suite and deletes its clusters first; a second one does not wait.
 */
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  conformanceLayout,
  containerObstacle,
  loadImages,
  startImageRegistry,
  startTestCluster,
} from '../support/index.ts';
import {
  compareWithLedger,
  formatLedger,
  type LedgerLine,
  type Level,
  levels,
  parseLedger,
  type SpecOutcome,
  specKey,
  updateLedger,
} from './ledger.ts';
import { runTogether } from './run-together.ts';
import { listImages, listSpecs, runSpecs } from './suite.ts';

const { values: flags } = parseArgs({
  options: {
    level: { type: 'string', default: levels.join(',') },
    focus: { type: 'string' },
    failed: { type: 'boolean', default: false },
    processes: { type: 'string', default: '8' },
    update: { type: 'boolean', default: false },
    kubeconfig: { type: 'string' },
    output: { type: 'string' },
    runtime: { type: 'string' },
  },
});

/** Two nodes with room for the pods of many specs at once: an m5.large takes 29. */
const nodeGroup = ['--node-group', 'name=ng-1,instance-type=m5.4xlarge,count=2,zones=us-east-1a:us-east-1b'];
const ledgerPath = join(import.meta.dirname, '../ledger/conformance.tsv');
/** Levels that hollow nodes are enough for. */
const hollowLevels: readonly Level[] = ['api', 'api+controllers', 'node-objects+scheduler', 'pod-status'];

const wantedLevels = flags.level.split(',');
const unknownLevel = wantedLevels.find((level) => !levels.includes(level as Level));
if (unknownLevel !== undefined) {
  console.error(`--level ${unknownLevel}: one of ${levels.join(', ')}`);
  process.exit(2);
}
const ledger = parseLedger(await readFile(ledgerPath, 'utf8'));
const listed = await listSpecs();
const listedByKey = new Map(listed.map((spec) => [specKey(spec), spec]));
const chosen = ledger.filter(
  (line) =>
    wantedLevels.includes(line.level) &&
    (flags.focus === undefined || line.spec.includes(flags.focus)) &&
    !(flags.failed && line.result === 'pass'),
);
if (chosen.length === 0) {
  console.error('no spec of the ledger is meant by these flags');
  process.exit(2);
}
const output = flags.output ?? (await mkdtemp(join(tmpdir(), 'coracle-conformance-')));
console.log(`${chosen.length} specs; logs, JUnit and JSON go to ${output}`);

const outcomes = await run();
await report(outcomes);

async function run(): Promise<SpecOutcome[]> {
  const runtime = chooseRuntime();
  const parts = partsOf(chosen);
  const counts = parts.map(() => ({ done: 0, failed: 0 }));
  const sum = (what: 'done' | 'failed') => counts.reduce((total, count) => total + count[what], 0);
  const runPart = async (lines: readonly LedgerLine[], index: number, stop: AbortSignal): Promise<SpecOutcome[]> => {
    await using own = flags.kubeconfig === undefined ? await startOwnCluster(runtime) : undefined;
    return await runSpecs({
      kubeconfig: flags.kubeconfig ?? own?.kubeconfig ?? '',
      specs: lines.map((line) => listedByKey.get(specKey(line.spec)) ?? line.spec),
      processes: lines.some(({ serial }) => !serial) ? Number(flags.processes) : 1,
      nodes: 2,
      output: parts.length === 1 ? output : join(output, lines.every(({ serial }) => serial) ? 'serial' : 'parallel'),
      stop,
      progress: (done, failed) => {
        counts[index] = { done, failed };
        process.stderr.write(`\r${sum('done')} of ${chosen.length} done, ${sum('failed')} failed `);
      },
    });
  };
  try {
    return (await runTogether(parts.map((lines, index) => (stop) => runPart(lines, index, stop)))).flat();
  } finally {
    process.stderr.write('\n');
  }
}

/**
 * Specs that must run alone take a quarter of an hour, most of it waiting: they run beside the others, on a
 * cluster of their own. One part where the cluster is given.
 */
function partsOf(lines: readonly LedgerLine[]): readonly (readonly LedgerLine[])[] {
  if (flags.kubeconfig !== undefined) return [lines];
  const isSerial = ({ serial }: LedgerLine) => serial;
  return [lines.filter((line) => !isSerial(line)), lines.filter(isSerial)].filter((part) => part.length > 0);
}

/** Specs with the pull policy Always pull from the registry here; the others find the same images loaded. */
async function startOwnCluster(
  runtime: 'containerd' | 'hollow',
): Promise<AsyncDisposable & { readonly kubeconfig: string }> {
  if (runtime === 'hollow') {
    // What the suite's own registries hold; it pulls others to see a pull fail.
    const images = (await listImages()).flatMap((image) => ['--hollow-image', image]);
    return startTestCluster({ runtime, flags: [...nodeGroup, ...images] });
  }
  await using stack = new AsyncDisposableStack();
  const layout = await conformanceLayout();
  const registry = stack.use(await startImageRegistry(layout));
  const mirror = ['--registry-mirror', `registry.k8s.io=${registry.url}`];
  const cluster = stack.use(await startTestCluster({ runtime, flags: [...nodeGroup, ...mirror] }));
  await loadImages(cluster, layout);
  const started = stack.move();
  return { kubeconfig: cluster.kubeconfig, [Symbol.asyncDispose]: () => started.disposeAsync() };
}

function chooseRuntime(): 'containerd' | 'hollow' {
  if (flags.runtime === 'containerd' || flags.runtime === 'hollow') return flags.runtime;
  const needsContainers = chosen.some((line) => !hollowLevels.includes(line.level));
  if (!needsContainers) return 'hollow';
  const obstacle = containerObstacle();
  if (obstacle === undefined) return 'containerd';
  console.error(`${obstacle}: choose among the levels ${hollowLevels.join(', ')}`);
  process.exit(2);
}

/** Reads the ledger again: another run may have written to it meanwhile. */
async function updateFile(seen: readonly SpecOutcome[]): Promise<void> {
  const present = parseLedger(await readFile(ledgerPath, 'utf8'));
  await writeFile(ledgerPath, formatLedger(updateLedger(present, seen)));
}

async function report(seen: readonly SpecOutcome[]): Promise<void> {
  const passed = seen.filter(({ result }) => result === 'pass').length;
  for (const { spec, message } of seen.filter(({ result }) => result === 'fail')) {
    console.log(`FAIL ${spec}\n     ${message.replace(/\s+/g, ' ').slice(0, 400)}`);
  }
  const differences = compareWithLedger(ledger, seen, listed);
  if (flags.update) await updateFile(seen);
  else for (const difference of differences) console.log(difference);
  console.log(`${passed} passed, ${seen.length - passed} failed, ${chosen.length - seen.length} skipped`);
  process.exitCode = seen.length === chosen.length && (flags.update || differences.length === 0) ? 0 : 1;
}
