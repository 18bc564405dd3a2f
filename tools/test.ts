/**
 * `npm test`: every check and every suite, in order of cost, then one line with the counts. A step that fails does not
 * stop the ones after it; the exit code is 0 only when nothing failed. Arguments name the steps to run.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Counts {
  name: string;
  passed: number;
  failed: number;
  skipped: number;
}

const root = join(import.meta.dirname, '..');
const scratch = mkdtempSync(join(tmpdir(), 'coracle-test-'));
const countsFile = join(scratch, 'counts');
const reporter = join(root, 'tools/mocha-reporter.mjs');

const checks: Record<string, readonly string[]> = {
  types: ['tsc', '-p', 'tsconfig.json'],
  lint: ['oxlint', '--deny-warnings'],
  format: ['biome', 'format', '.'],
  tidy: ['node', 'tools/tidy.ts'],
  dependencies: ['node', 'tools/check-deps.ts'],
};
const suites: Record<string, readonly string[]> = {
  tools: ['mocha', '--config', '.mocharc.json', '--reporter', reporter, 'tools/**/*.test.ts'],
  unit: [
    'lerna',
    'run',
    'test',
    '--ignore',
    '@coracle/e2e',
    '--stream',
    '--concurrency',
    '2',
    '--no-bail',
    '--loglevel',
    'error',
    '--',
    '--reporter',
    reporter,
  ],
  e2e: [
    'lerna',
    'run',
    'test',
    '--scope',
    '@coracle/e2e',
    '--stream',
    '--loglevel',
    'error',
    '--',
    '--reporter',
    reporter,
  ],
};

const wanted = process.argv.slice(2);
const unknown = wanted.filter((step) => !(step in checks) && !(step in suites));
if (unknown.length > 0) {
  console.error(
    `unknown step ${unknown.join(', ')}: one of ${[...Object.keys(checks), ...Object.keys(suites)].join(', ')}`,
  );
  process.exit(2);
}
const chosen = (step: string) => wanted.length === 0 || wanted.includes(step);
const total: Counts = { name: 'total', passed: 0, failed: 0, skipped: 0 };

for (const [name, command] of Object.entries(checks)) {
  if (!chosen(name)) continue;
  if (run(name, command)) total.passed += 1;
  else total.failed += 1;
}
for (const [name, command] of Object.entries(suites)) {
  if (!chosen(name)) continue;
  if (name === 'e2e') buildPrograms();
  const succeeded = run(name, command);
  const counted = readCounts();
  for (const counts of counted) {
    console.log(`  ${counts.name}: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
    total.passed += counts.passed;
    total.failed += counts.failed;
    total.skipped += counts.skipped;
  }
  // A runner that died before it could count is a failure too.
  if (!succeeded && counted.every((counts) => counts.failed === 0)) total.failed += 1;
}
rmSync(scratch, { recursive: true });
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(total.failed > 0 ? 1 : 0);

function run(name: string, [program, ...args]: readonly string[]): boolean {
  console.log(`\n— ${name}`);
  const started = performance.now();
  const result = spawnSync(program ?? '', args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: {
      ...process.env,
      CORACLE_TEST_COUNTS: countsFile,
      NX_DAEMON: 'false',
      NX_SKIP_NX_CACHE: 'true',
      FORCE_COLOR: '0',
    },
  });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`  ${result.status === 0 ? '✓' : '✗'} ${name} (${seconds} s)`);
  return result.status === 0;
}

/** Before the tests that use them, whose limits of time are not for a compiler. What cannot be built, those tests say themselves. */
function buildPrograms(): void {
  console.log('\n— programs of upstream');
  spawnSync(join(root, 'tools/upstream/build'), { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
}

/** The counts that reporters wrote since the last call. */
function readCounts(): Counts[] {
  let text: string;
  try {
    text = readFileSync(countsFile, 'utf8');
  } catch {
    return [];
  }
  rmSync(countsFile);
  return text
    .trim()
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Counts);
}
