import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isStatus } from '@coracle/apimachinery/errors';
import { ConfigMaps } from '@coracle/apimachinery/resources';
import type { ConfigMap } from '@coracle/apimachinery/types/core-v1';
import { connectionOf, loadKubeconfig } from '@coracle/client/kubeconfig';
import { type Client, createClient } from '@coracle/client/rest';
import { createHttpTransport, type Transport } from '@coracle/client/transport';
import { expect } from 'chai';
import { coracleProgram, eventually } from '../support/index.ts';

/** How many times the process is killed; the issue asks for 50. */
const rounds = Number(process.env['CORACLE_KILL_ROUNDS'] ?? 50);
const writers = 4;
/** The kill falls at a random moment of this window after the first write of a round. */
const windowMs = 150;
const readyTimeoutMs = 30_000;

/** What the server acknowledged: the last value of each object and every revision it gave out. */
interface Acknowledged {
  readonly values: Map<string, { turn: number; revision: number }>;
  /** Names whose last write was not answered: it may have happened or not. */
  readonly uncertain: Map<string, number>;
  readonly revisions: Set<number>;
  reused: number;
}

describe('kill -9 under write load', function () {
  this.timeout(600_000);
  let scratch: string;
  before(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'coracle-kill-'));
  });
  after(async () => rm(scratch, { recursive: true, force: true }));

  it(`${rounds} times: no acknowledged write lost, no revision reused, a watch resumes complete`, async () => {
    const acknowledged: Acknowledged = { values: new Map(), uncertain: new Map(), revisions: new Set(), reused: 0 };
    const seen = new Map<string, number>();
    let resumeFrom: string | undefined;
    let port = 0;
    for (let round = 0; round < rounds; round++) {
      const server = await startServer(scratch, port);
      port = server.port;
      await checkEverything(server.client, acknowledged);
      const stopWatch = new AbortController();
      const watching = followConfigMaps(server.transport, resumeFrom, seen, stopWatch.signal);
      const writing = Array.from({ length: writers }, (_, writer) => write(server.client, acknowledged, round, writer));
      await new Promise((resolve) => setTimeout(resolve, Math.random() * windowMs));
      server.child.kill('SIGKILL');
      await Promise.all([...writing, new Promise((resolve) => server.child.once('exit', resolve))]);
      stopWatch.abort();
      resumeFrom = await watching;
      await server.transport.close();
    }
    const server = await startServer(scratch, port);
    await checkEverything(server.client, acknowledged);
    const stopWatch = new AbortController();
    const watching = followConfigMaps(server.transport, resumeFrom, seen, stopWatch.signal);
    await eventually(async () => {
      for (const [name, { revision }] of acknowledged.values) expect(seen.get(name), name).to.be.at.least(revision);
    });
    stopWatch.abort();
    await watching;
    server.child.kill('SIGTERM');
    await new Promise((resolve) => server.child.once('exit', resolve));
    await server.transport.close();
    expect(acknowledged.reused).to.equal(0);
    expect(acknowledged.values.size, 'writes were acknowledged').to.be.greaterThan(rounds);
  });
});

interface RunningServer {
  readonly child: ChildProcess;
  readonly port: number;
  readonly client: Client;
  readonly transport: Transport;
}

async function startServer(scratch: string, port: number): Promise<RunningServer> {
  const dataDir = join(scratch, 'data');
  const child = spawn(
    process.execPath,
    [
      await coracleProgram(),
      ...[
        'up',
        '--runtime',
        'hollow',
        '--node-group',
        'name=none,count=0',
        '--data-dir',
        dataDir,
        '--port',
        String(port),
      ],
      ...['--kubeconfig', join(scratch, 'config'), '-o', 'json'],
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const url = await readyUrl(child);
  const connection = await connectionOf(await loadKubeconfig([join(dataDir, 'kubeconfig')]));
  const transport = createHttpTransport({ ...connection, server: url });
  return { child, port: Number(new URL(url).port), transport, client: createClient(transport) };
}

/** The address that `up -o json` prints once the cluster is ready. */
function readyUrl(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let stdout = '';
    let stderr = '';
    const timer = setTimeout(
      () => reject(new Error(`not ready within ${readyTimeoutMs} ms:\n${stderr}`)),
      readyTimeoutMs,
    );
    child.stdout?.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
      const match = /"url": "([^"]+)"/.exec(stdout);
      if (match?.[1] === undefined) return;
      clearTimeout(timer);
      resolve(match[1]);
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    child.once('exit', (code) => {
      clearTimeout(timer);
      reject(new Error(`the server ended with ${code}:\n${stderr}`));
    });
  });
}

/** Creates and updates objects of its own until the server is gone. */
async function write(client: Client, acknowledged: Acknowledged, round: number, writer: number): Promise<void> {
  for (let turn = 0; ; turn++) {
    const name = `map-${round}-${writer}-${turn >> 2}`;
    acknowledged.uncertain.set(name, turn);
    try {
      const object: ConfigMap = {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name, namespace: 'default' },
        data: { turn: String(turn) },
      };
      const stored = turn % 4 === 0 ? await client.create(ConfigMaps, object) : await client.update(ConfigMaps, object);
      const revision = Number(stored.metadata?.resourceVersion);
      if (acknowledged.revisions.has(revision)) acknowledged.reused += 1;
      acknowledged.revisions.add(revision);
      acknowledged.values.set(name, { turn, revision });
      acknowledged.uncertain.delete(name);
    } catch (error) {
      // Gone in the middle of a request; any other refusal is a bug.
      if (isStatus(error) && error.code !== 503) throw error;
      return;
    }
  }
}

/** Every acknowledged value is there, or the one write after it whose answer was lost. */
async function checkEverything(client: Client, acknowledged: Acknowledged): Promise<void> {
  const { items } = await client.list(ConfigMaps, { namespace: 'default' });
  const found = new Map(items.map((item) => [item.metadata?.name ?? '', item as ConfigMap]));
  for (const [name, { turn, revision }] of acknowledged.values) {
    const stored = found.get(name);
    expect(stored, `${name} was acknowledged`).to.not.equal(undefined);
    const storedTurn = Number(stored?.data?.['turn']);
    const storedRevision = Number(stored?.metadata?.resourceVersion);
    if (storedTurn === turn) {
      expect(storedRevision, `${name}: its revision`).to.equal(revision);
    } else {
      expect(storedTurn, `${name}: only the unanswered write may have followed`).to.equal(
        acknowledged.uncertain.get(name),
      );
      acknowledged.values.set(name, { turn: storedTurn, revision: storedRevision });
    }
    acknowledged.uncertain.delete(name);
  }
}

/** Watches from where the last watch ended; gives the place to resume at. */
async function followConfigMaps(
  transport: Transport,
  from: string | undefined,
  seen: Map<string, number>,
  signal: AbortSignal,
): Promise<string | undefined> {
  let last = from;
  const start = from === undefined ? '' : `&resourceVersion=${from}`;
  try {
    const path = `/api/v1/namespaces/default/configmaps?watch=1&allowWatchBookmarks=true${start}`;
    for await (const { type, object } of transport.watch({ method: 'GET', path }, signal)) {
      if (type === 'ERROR') throw new Error(`the watch failed: ${JSON.stringify(object)}`);
      const { metadata } = object as ConfigMap;
      last = metadata?.resourceVersion ?? last;
      if (type !== 'BOOKMARK') seen.set(metadata?.name ?? '', Number(last));
    }
  } catch (error) {
    if (String(error).includes('the watch failed')) throw error;
  }
  return last;
}
