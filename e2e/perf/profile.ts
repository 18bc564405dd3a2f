/**
 * `node e2e/perf/profile.ts`: where the microseconds of a create, a get and a list go on the main thread, by room of the
 * code. Runs the bench's client against a control plane of its own and samples it (docs/performance.md).
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mustRun, repository, upstreamProgram } from '../support/index.ts';
import { connectInspector, type CpuProfile } from './inspector.ts';

const json = ['-type', 'application/json'];
const works = [
  { title: 'create', operations: 3000, args: ['-work', 'create', '-n', '3000', ...json] },
  { title: 'get', operations: 12_000, args: ['-work', 'get', '-n', '12000', '-objects', '3000', ...json] },
  { title: 'list of 3,000, JSON, gzip', operations: 60, args: ['-work', 'list', '-n', '60', '-c', '4', ...json] },
] as const;

/** First match names the room of a sample. */
const rooms: readonly (readonly [room: string, pattern: RegExp])[] = [
  ['idle', /^\(idle\)$/],
  ['garbage collection', /^\(garbage collector\)$/],
  ['native: TLS, sockets, JSON, zlib', /^\(program\)$/],
  ['HTTP edge', /apiserver\/src\/http\//],
  ['koa', /node_modules\/koa|node_modules\/(koa-|http-errors|depd|statuses)/],
  ['filters and chain', /apiserver\/src\/(filters|chain|auth|metrics)/],
  ['handlers, negotiation', /apiserver\/src\/(handlers|negotiation|discovery)/],
  ['admission', /apiserver\/src\/admission/],
  ['registry, strategies', /apiserver\/src\/(registry|resources|customresources)/],
  ['managed fields', /apimachinery\/src\/apply/],
  ['decode, defaults, normalize', /apimachinery\/src\/(structural|json|scheme|schema)/],
  ['protobuf', /apimachinery\/src\/protobuf/],
  ['validation, selectors', /apimachinery\/src/],
  ['store and watch cache', /apiserver\/src\/storage/],
  ['controllers, scheduler, nodes', /\/(controllers|scheduler|kubelet-shim|client)\/src/],
  ["Node's own", /^node:|^\(/],
];

const scratch = await mkdtemp(join(tmpdir(), 'coracle-profile-'));
const child = spawn(
  process.execPath,
  [
    '--inspect=127.0.0.1:0',
    join(repository, 'cluster/src/cli.ts'),
    ...[
      'up',
      '--name',
      'profile',
      '--data-dir',
      join(scratch, 'data'),
      '--port',
      '0',
      '--runtime',
      'hollow',
      '-o',
      'json',
    ],
    ...['--kubeconfig', join(scratch, 'config'), '--node-group', 'name=none,count=0'],
  ],
  { stdio: ['ignore', 'pipe', 'pipe'] },
);
try {
  const [url] = await Promise.all([printed(child, 'stderr', /ws:\/\/\S+/), printed(child, 'stdout', /"url": "/)]);
  const inspector = await connectInspector(url);
  const run = (args: readonly string[]) =>
    mustRun(upstreamProgram('bench-client'), ['-kubeconfig', join(scratch, 'data/kubeconfig'), ...args]);
  await run(['-work', 'namespace']);
  for (const work of works) {
    await inspector.startProfile();
    await run(work.args);
    print(work.title, work.operations, await inspector.stopProfile());
  }
  inspector.close();
} finally {
  if (child.exitCode === null) {
    child.kill('SIGTERM');
    await new Promise((resolve) => child.once('exit', resolve));
  }
  await rm(scratch, { recursive: true, force: true });
}

function print(title: string, operations: number, profile: CpuProfile): void {
  const roomOf = new Map(
    profile.nodes.map(({ id, callFrame }) => [id, findRoom(callFrame.url || callFrame.functionName)]),
  );
  const time = new Map<string, number>();
  for (const [index, id] of profile.samples.entries()) {
    const room = roomOf.get(id) ?? 'elsewhere';
    time.set(room, (time.get(room) ?? 0) + (profile.timeDeltas[index] ?? 0));
  }
  time.delete('idle');
  const total = [...time.values()].reduce((sum, us) => sum + us, 0);
  console.log(`\n${title}: ${(total / operations).toFixed(0)} µs of the main thread`);
  for (const [room, us] of [...time].sort(([, a], [, b]) => b - a)) {
    console.log(
      `  ${room.padEnd(36)} ${(us / operations).toFixed(1).padStart(10)} µs ${((us / total) * 100).toFixed(0).padStart(3)} %`,
    );
  }
}

function findRoom(place: string): string {
  return rooms.find(([, pattern]) => pattern.test(place))?.[0] ?? 'elsewhere';
}

/** Resolves to the first text of a stream that matches. */
function printed(process: ChildProcess, stream: 'stdout' | 'stderr', pattern: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    process[stream]?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      const match = pattern.exec(text);
      if (match !== null) resolve(match[0]);
    });
    process.once('exit', (code) => reject(new Error(`the control plane ended with ${code}:\n${text}`)));
  });
}
