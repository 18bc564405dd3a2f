import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import {
  ApiCaller,
  createReferenceKeys,
  eventually,
  mergePatchHeaders,
  type ReferenceKeys,
  referenceObstacle,
  skipBecause,
  startEtcd,
  startOwnApiServer,
  startReferenceControlPlane,
} from '../support/index.ts';
import { differences } from './differences.ts';
import { judge, type Listed } from './listed.ts';
import { readSpecimens, type Specimen, writeSpecimens } from './objects.ts';

const listed = (
  JSON.parse(readFileSync(join(import.meta.dirname, 'listed-differences.json'), 'utf8')) as {
    objects: readonly Listed[];
  }
).objects;
const linesMax = 40;

function expectSame(theirs: unknown, ours: unknown): void {
  const { unlisted } = judge(differences(theirs, ours), listed);
  expect(unlisted.slice(0, linesMax), `${unlisted.length} differences`).to.deep.equal([]);
}

describe('this server and kube-apiserver on one etcd', () => {
  const running = new AsyncDisposableStack();
  let [theirs, ours]: (ApiCaller | undefined)[] = [];
  let keys: ReferenceKeys | undefined;
  let etcdUrl: string;
  let upstream: Specimen[] = [];
  let own: Specimen[] = [];
  let written: Record<string, unknown>;

  const caller = (api: ApiCaller | undefined): ApiCaller => {
    if (api === undefined) throw new Error('an earlier step failed');
    return api;
  };

  before(async function () {
    skipBecause(this, referenceObstacle());
    const etcd = await startEtcd();
    running.defer(() => etcd.stop());
    etcdUrl = etcd.url;
    keys = await createReferenceKeys();
    await using server = await startReferenceControlPlane({ etcdUrl, ...(keys && { keys }) });
    using api = new ApiCaller(server);
    upstream = await writeSpecimens(api, { name: 'upstream', number: 7 });
    written = await settled(api, upstream);
  });
  after(async () => {
    for (const api of [theirs, ours]) api?.[Symbol.dispose]();
    await running.disposeAsync();
    if (keys !== undefined) await rm(keys.directory, { recursive: true, force: true });
  });

  it('reads what kube-apiserver wrote, in every version', async () => {
    const server = await startOwnApiServer({ etcdUrl, ...(keys && { keys }) });
    running.defer(() => server.stop());
    ours = new ApiCaller(server);
    await eventually(async () => expectSame(written, await readSpecimens(caller(ours), upstream)), 10_000);
  });

  it('has kube-apiserver read what it wrote, in every version', async () => {
    own = await writeSpecimens(caller(ours), { name: 'coracle', number: 9 });
    const before = await readSpecimens(caller(ours), own);
    const server = await startReferenceControlPlane({ etcdUrl, ...(keys && { keys }) });
    running.defer(() => server.stop());
    theirs = new ApiCaller(server);
    const identities = (objects: Record<string, unknown>) =>
      Object.entries(objects).map(([place, object]) => [place, (object as { metadata: { uid: string } }).metadata.uid]);
    expect(identities(await readSpecimens(caller(theirs), own))).to.deep.equal(identities(before));
    await bothSay([...upstream, ...own]);
  });

  it('goes on from what the other has written, in both directions', async () => {
    const patch = async (api: ApiCaller | undefined, specimens: readonly Specimen[]) => {
      for (const { title, places } of specimens) {
        const body = { metadata: { labels: { patched: 'yes' } } };
        const answer = await caller(api).call(places[0] ?? '', { method: 'PATCH', headers: mergePatchHeaders, body });
        expect(answer.status, `${title}: ${answer.body.toString()}`).to.equal(200);
      }
    };
    await patch(ours, upstream);
    await patch(theirs, own);
    await bothSay([...upstream, ...own]);
  });

  it('watches what the other writes', async () => {
    for (const [watcher, writer] of [
      [ours, theirs],
      [theirs, ours],
    ]) {
      const path = '/api/v1/namespaces/coracle/configmaps';
      const list = await caller(watcher).call(path);
      const from = list.json<{ metadata: { resourceVersion: string } }>().metadata.resourceVersion;
      const name = watcher === ours ? 'seen-here' : 'seen-there';
      const body = { metadata: { name }, data: { a: '1' } };
      const made = await caller(writer).call(path, { method: 'POST', body });
      const changed = await caller(writer).call(`${path}/${name}`, {
        method: 'PATCH',
        headers: mergePatchHeaders,
        body: { data: { a: '2' } },
      });
      await caller(writer).call(`${path}/${name}`, { method: 'DELETE' });
      const events = await caller(watcher).call(`${path}?watch=1&resourceVersion=${from}&timeoutSeconds=2`);
      const told = events.body
        .toString()
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as WatchEvent);
      expect(told.map(({ type }) => type)).to.deep.equal(['ADDED', 'MODIFIED', 'DELETED']);
      expectSame(
        [made.json(), changed.json()],
        told.slice(0, 2).map(({ object }) => object),
      );
    }
  });

  it('finishes a deletion that the other began', async () => {
    const path = '/api/v1/namespaces/coracle/configmaps';
    for (const [first, second] of [
      [ours, theirs],
      [theirs, ours],
    ]) {
      const body = { metadata: { name: 'held', finalizers: ['example.com/hold'] } };
      expect((await caller(first).call(path, { method: 'POST', body })).status).to.equal(201);
      const begun = await caller(second).call(`${path}/held`, { method: 'DELETE' });
      expect(begun.json<{ metadata: object }>().metadata).to.have.property('deletionTimestamp');
      const released = { method: 'PATCH', headers: mergePatchHeaders, body: { metadata: { finalizers: null } } };
      expect((await caller(first).call(`${path}/held`, released)).status).to.equal(200);
      for (const api of [first, second]) expect((await caller(api).call(`${path}/held`)).status).to.equal(404);
    }
  });

  /** Both answer the same at one moment; loops of either change some objects for a while after they are made. */
  function bothSay(specimens: readonly Specimen[]): Promise<void> {
    return eventually(async () => {
      const [expected, actual] = await Promise.all([theirs, ours].map((api) => readSpecimens(caller(api), specimens)));
      expectSame(expected, actual);
    }, 15_000);
  }

  /** What a server answers once it has stopped changing it. */
  function settled(api: ApiCaller, specimens: readonly Specimen[]): Promise<Record<string, unknown>> {
    return eventually(async () => {
      const first = await readSpecimens(api, specimens);
      await new Promise((resolve) => setTimeout(resolve, settleMs));
      expect(await readSpecimens(api, specimens)).to.deep.equal(first);
      return first;
    }, 15_000);
  }
});

const settleMs = 1500;

interface WatchEvent {
  readonly type: string;
  readonly object: unknown;
}
