import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@coracle/apimachinery/component';
import type { ConfigMap } from '@coracle/apimachinery/types/core-v1';
import { ConfigMaps } from '@coracle/apimachinery/resources';
import { createVirtualClock, type VirtualClock } from '@coracle/client/testing';
import { expect } from 'chai';
import type { ApiServerOptions } from '../options.ts';
import { startTestApiServer, type TestApiServer } from '../testing/index.ts';
import type { KubeconfigClient } from '../webhooks/index.ts';
import { AuditLogFile } from './log-file.ts';
import type { AuditEvent } from './record.ts';
import { AuditWebhook } from './webhook-sink.ts';

const rules = [
  { level: 'RequestResponse', resources: [{ resources: ['configmaps'] }], omitManagedFields: true },
  { level: 'Metadata', nonResourceURLs: ['/version'] },
  { level: 'RequestResponse', nonResourceURLs: ['/healthz'] },
];

describe('audit', () => {
  let directory: string;
  let running: TestApiServer | undefined;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'coracle-audit-'));
  });
  afterEach(async () => {
    await running?.stop();
    running = undefined;
    await rm(directory, { recursive: true });
  });

  const logPath = () => join(directory, 'log', 'audit.log');
  const start = async (policy: object, more: Partial<Parameters<typeof startTestApiServer>[0]> = {}) => {
    const policyFile = join(directory, 'policy.yaml');
    await writeFile(policyFile, JSON.stringify({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', ...policy }));
    const log = { path: logPath(), maxAgeDays: 0, maxBackups: 0, maxSizeMebibytes: 100 };
    const options: ApiServerOptions = { audit: { policyFile, log } };
    running = await startTestApiServer({ ...more, options });
    return running;
  };
  const events = async (): Promise<AuditEvent[]> =>
    (await readFile(logPath(), 'utf8'))
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as AuditEvent);

  it('records a write with its bodies, without managed fields, under the stages that the policy leaves in', async () => {
    const { clientFor } = await start({ omitStages: ['RequestReceived'], rules });
    const alice = clientFor({ username: 'alice', uid: 'u-1' });
    await alice.create(ConfigMaps, { metadata: { name: 'c', namespace: 'default' }, data: { a: '1' } } as ConfigMap);
    const [event, ...more] = await events();
    expect(more).to.deep.equal([]);
    expect(event).to.deep.include({
      kind: 'Event',
      apiVersion: 'audit.k8s.io/v1',
      level: 'RequestResponse',
      stage: 'ResponseComplete',
      verb: 'create',
      user: { username: 'alice', uid: 'u-1', groups: ['system:authenticated'] },
      sourceIPs: ['::1'],
      objectRef: { resource: 'configmaps', namespace: 'default', name: 'c', apiVersion: 'v1' },
      responseStatus: { metadata: {}, code: 201 },
    });
    expect(event?.annotations).to.include({ 'authorization.k8s.io/decision': 'allow' });
    expect(event?.requestURI).to.match(/^\/api\/v1\/namespaces\/default\/configmaps/);
    expect(event?.requestObject).to.deep.include({ data: { a: '1' } });
    const { metadata } = event!.responseObject as { metadata: { uid: string; managedFields?: unknown } };
    expect(metadata.uid).to.be.a('string');
    expect(metadata.managedFields).to.equal(undefined);
    expect(event?.requestReceivedTimestamp).to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
  });

  it('records no response object where the answer is a text', async () => {
    const { transport } = await start({ omitStages: ['RequestReceived'], rules });
    expect((await transport.request({ method: 'GET', path: '/healthz' })).object).to.equal('ok');
    const [event] = await events();
    expect(event).to.deep.include({ level: 'RequestResponse', responseStatus: { metadata: {}, code: 200 } });
    expect(event).not.to.have.property('responseObject');
  });

  it('records what is refused, with the reason', async () => {
    const { clientFor } = await start(
      { rules },
      {
        dependencies: { authorizers: () => [{ name: 'no', authorize: () => ({ decision: 'deny', reason: 'never' }) }] },
      },
    );
    const get = clientFor({ username: 'eve' }).get(ConfigMaps, { namespace: 'default', name: 'c' });
    expect(await get.catch((error: Error) => error.message)).to.match(/forbidden: .*: never/);
    const [received, complete] = await events();
    expect(received?.stage).to.equal('RequestReceived');
    expect(received?.responseStatus).to.equal(undefined);
    expect(received?.auditID).to.equal(complete?.auditID);
    expect(complete?.responseStatus).to.deep.include({ status: 'Failure', reason: 'Forbidden', code: 403 });
    expect(complete?.annotations).to.deep.equal({
      'authorization.k8s.io/decision': 'forbid',
      'authorization.k8s.io/reason': 'never',
    });
  });

  it('records a watch when it is answered and when it is over', async () => {
    const { server } = await start({ rules });
    const gone = new AbortController();
    const { body } = await server.handle({
      method: 'GET',
      path: '/api/v1/configmaps',
      query: new URLSearchParams({ watch: 'true' }),
      headers: { 'user-agent': 'x'.repeat(2000), 'x-forwarded-for': '10.0.0.1, nonsense, 10.0.0.2' },
      body: { bytes: async () => new Uint8Array(), async *stream() {} },
      signal: gone.signal,
      peer: { address: '192.0.2.7' },
    });
    expect((await events()).map(({ stage }) => stage)).to.deep.equal(['RequestReceived', 'ResponseStarted']);
    gone.abort();
    const all = await events();
    expect(all.map(({ stage, verb }) => `${verb} ${stage}`)).to.deep.equal([
      'watch RequestReceived',
      'watch ResponseStarted',
      'watch ResponseComplete',
    ]);
    expect(all[0]?.sourceIPs).to.deep.equal(['10.0.0.1', '10.0.0.2', '192.0.2.7']);
    expect(all[0]?.userAgent).to.equal(`${'x'.repeat(1024)}...TRUNCATED`);
    if (body.type === 'watch') await body.frames[Symbol.asyncIterator]().return?.();
  });

  it('records a caller whom nobody believes', async () => {
    const refuse = {
      name: 'no',
      authenticate: () => {
        throw new Error('bad token');
      },
    };
    const { server } = await start({ rules }, { dependencies: { authenticators: () => [refuse] } });
    const { status } = await server.handle({
      method: 'GET',
      path: '/version',
      query: new URLSearchParams(),
      headers: { authorization: 'Bearer x' },
      body: { bytes: async () => new Uint8Array(), async *stream() {} },
      signal: new AbortController().signal,
      peer: { address: '192.0.2.7' },
    });
    expect(status).to.equal(401);
    const [event] = await events();
    expect(event).to.deep.include({ stage: 'ResponseStarted', user: {} });
    expect(event?.responseStatus).to.deep.equal({
      metadata: {},
      message: 'Authentication failed, attempted: bearer',
      code: 401,
    });
  });

  it('puts full files aside, and removes those that are too many or too old', async () => {
    const clock = createVirtualClock();
    const path = logPath();
    const log = new AuditLogFile({ path, maxAgeDays: 1, maxBackups: 2, maxSizeMebibytes: 1 }, clock);
    const event = (n: number) => ({ n, userAgent: 'x'.repeat(600 * 1024) }) as unknown as AuditEvent;
    for (let n = 0; n < 5; n++) {
      log.record(event(n));
      await clock.advance(1000);
    }
    const names = async () => (await readdir(join(directory, 'log'))).toSorted();
    expect(await names()).to.deep.equal([
      'audit-2026-01-01T00-00-03.000.log',
      'audit-2026-01-01T00-00-04.000.log',
      'audit.log',
    ]);
    await clock.advance(2 * 24 * 3600 * 1000);
    log.record(event(5));
    await log.stop();
    expect(await names()).to.deep.equal(['audit-2026-01-03T00-00-05.000.log', 'audit.log']);
  });

  describe('to a webhook', () => {
    let clock: VirtualClock;
    let fails: number;
    let lost: number;
    const batches: { n: number }[][] = [];
    const client: KubeconfigClient = {
      async post(body) {
        if (fails-- > 0) throw new Error('503');
        batches.push((JSON.parse(body) as { items: { n: number }[] }).items);
        return undefined;
      },
      close: () => {},
    };

    beforeEach(() => {
      clock = createVirtualClock();
      [fails, lost] = [0, 0];
      batches.length = 0;
    });

    const open = (bufferSize: number) => {
      const options = { configFile: '', bufferSize, batchMax: 2, batchWaitMs: 30_000, initialBackoffMs: 10_000 };
      return new AuditWebhook(options, client, { clock, log: silentLogger }, (events) => (lost += events));
    };
    const event = (n: number) => ({ n }) as unknown as AuditEvent;
    const numbers = () => batches.map((items) => items.map(({ n }) => n));

    it('sends full batches at once, and the rest after a while', async () => {
      const webhook = open(10);
      for (const n of [1, 2, 3]) webhook.record(event(n));
      await clock.settle();
      expect(numbers()).to.deep.equal([[1, 2]]);
      await clock.advance(30_000);
      expect(numbers()).to.deep.equal([[1, 2], [3]]);
      webhook.record(event(4));
      await webhook.stop();
      expect(numbers()).to.deep.equal([[1, 2], [3], [4]]);
    });

    it('tries again, later and later, and counts what it gives up', async () => {
      const webhook = open(10);
      fails = 2;
      for (const n of [1, 2]) webhook.record(event(n));
      await clock.advance(10_000 + 14_999);
      expect(numbers()).to.deep.equal([]);
      await clock.advance(1);
      expect(numbers()).to.deep.equal([[1, 2]]);
      fails = 5;
      for (const n of [3, 4]) webhook.record(event(n));
      await clock.advance(600_000);
      expect([numbers(), lost]).to.deep.equal([[[1, 2]], 2]);
      await webhook.stop();
    });

    it('refuses what does not fit into the buffer', async () => {
      const webhook = open(1);
      webhook.record(event(1));
      expect(() => webhook.record(event(2))).to.throw('audit buffer queue blocked');
      await webhook.stop();
      expect(numbers()).to.deep.equal([[1]]);
    });
  });
});
