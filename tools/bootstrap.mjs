#!/usr/bin/env node
// The door of `npm start`, `npm test`, `./coracle` and the others below: runs on any Node from 20, installs the locked
// dependencies (the pinned Node 26 among them) where they are missing or stale, then hands over to the real program under
// that Node.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { programEntry } from './program.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
/** One without a file is the command line, which runs from its bundle. */
const programs = {
  start: { settings: ['up'] },
  coracle: {},
  test: { file: 'tools/test.ts' },
  bench: { file: 'e2e/perf/bench.ts' },
  conformance: { file: 'e2e/conformance/run.ts' },
  differential: { file: 'e2e/differential/run.ts' },
  fuzz: { file: 'e2e/fuzz/run.ts' },
};

const stamp = join(root, 'node_modules/.coracle-lock');
const [name, ...rest] = process.argv.slice(2);
const program = programs[name];
if (!program) fail(`unknown program ${name}: one of ${Object.keys(programs).join(', ')}`);
installDependencies();
const node = findNode();
// What Node makes of a source file is kept from one start to the next: about half of the processor time of a start. Beside
// the dependencies, and not in a temporary directory, where other users could put code of theirs.
const compileCache = process.env.NODE_COMPILE_CACHE ?? join(root, 'node_modules/.cache/compiled');
const file = program.file === undefined ? await programEntry(root, warn) : join(root, program.file);
const child = spawn(node, [file, ...(program.settings ?? []), ...rest], {
  cwd: name === 'coracle' ? process.cwd() : root,
  stdio: 'inherit',
  env: {
    ...process.env,
    PATH: `${join(root, 'node_modules/.bin')}:${process.env.PATH}`,
    NODE_COMPILE_CACHE: compileCache,
  },
});
// This process ends when the program has: whoever waits for one waits for the other. A terminal sends Ctrl-C to both.
process.on('SIGINT', () => {});
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('error', (error) => fail(`${node} cannot be run: ${error.message}`));
child.on('exit', (code) => process.exit(code ?? 1));

/** `npm ci` when node_modules does not belong to the lock file; a stamp remembers which lock it was made from. */
function installDependencies() {
  if (isInstalled()) return;
  oneAtATime(join(root, '.installing'), () => {
    if (!isInstalled()) install();
  });
}

function lockDigest() {
  return createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
}

function isInstalled() {
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === lockDigest();
}

function install() {
  process.stderr.write(
    'Installing the locked dependencies, the pinned Node among them (once, about half a minute) …\n',
  );
  const npm = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (npm.status !== 0) fail('npm ci failed (see above): check the network and the npm registry, then run this again');
  writeFileSync(stamp, lockDigest());
}

/** Two that install at once break each other's work. What one that was killed has left is taken over. */
function oneAtATime(lock, work) {
  for (;;) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (!isAlive(lock)) rmSync(lock, { force: true });
    else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
  }
  work();
  rmSync(lock);
}

function isAlive(lock) {
  try {
    return process.kill(Number(readFileSync(lock, 'utf8')) || process.pid, 0);
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** The pinned Node where the registry has it for this platform, otherwise this one if it can run TypeScript. */
function findNode() {
  const pinned = join(root, 'node_modules/.bin/node');
  if (existsSync(pinned)) return pinned;
  const [major = 0] = process.versions.node.split('.').map(Number);
  if (major >= 26) return process.execPath;
  return fail(`no pinned Node for ${process.platform}-${process.arch}: install Node 26 or newer and run this again`);
}

function warn(message) {
  process.stderr.write(`coracle: ${message}\n`);
}

function fail(message) {
  warn(message);
  process.exit(1);
}
