import { expect } from 'chai';
import { FlowSchemas, PriorityLevelConfigurations } from '@coracle/apimachinery/resources';
import { createVirtualClock, type VirtualClock } from '@coracle/client/testing';
import type { AdmissionPlugin } from '../admission/admission.ts';
import {
  type RawAnswer,
  type RawCall,
  rawRequest,
  startTestApiServer,
  type TestApiServer,
  toRequest,
} from '../testing/index.ts';

const person = (username: string, ...groups: string[]) => ({
  ...{ username, groups: [...groups, 'system:authenticated'], extra: {} },
});
const node = person('system:node:n', 'system:nodes');
const account = person('system:serviceaccount:a:b', 'system:serviceaccounts');
const manager = person('system:kube-controller-manager');
const flood = person('flood');
const quiet = person('quiet');

/** How long each write of the flood takes. Milliseconds. */
const slowMs = 10_000;
const leases = '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases';

describe('priority and fairness of a whole server', () => {
  let clock: VirtualClock;
  let api: TestApiServer;
  const send = (call: RawCall) => rawRequest(api.server, call);
  const get = (path: string, user = quiet) => send({ method: 'GET', path, user });

  beforeEach(async () => {
    clock = createVirtualClock();
    const slow: AdmissionPlugin = {
      name: 'slow',
      operations: ['CREATE'],
      admit: ({ user }) => (user.username === 'flood' ? clock.sleep(slowMs) : undefined),
    };
    api = await startTestApiServer({ clock, dependencies: { admission: () => [slow] } });
    await clock.settle();
  });
  afterEach(() => api.stop());

  /** Answers as they come in; `at` is virtual time since the test began. */
  function sendMany(count: number): { readonly answers: RawAnswer[] } {
    const answers: RawAnswer[] = [];
    for (let index = 0; index < count; index++) {
      const body = { metadata: { name: `f-${index}` } };
      const path = '/api/v1/namespaces/default/configmaps';
      void send({ method: 'POST', path, body, user: flood }).then((answer) => answers.push(answer));
    }
    return { answers };
  }

  const statuses = (answers: readonly RawAnswer[], status: number) =>
    answers.filter((each) => each.status === status).length;

  it('lends the flood seats that nobody else wants', async () => {
    const { answers } = sendMany(500);
    await clock.settle();
    const running = Number(await metric('current_executing_requests', 'global-default'));
    await clock.advance(slowMs);
    expect(Number(await metric('current_executing_requests', 'global-default'))).to.be.greaterThan(running);
    expect(statuses(answers, 201)).to.equal(running);
  });

  it('queues a flood, turns away what is too much, and lets everybody else pass', async () => {
    const spec = { limited: { borrowingLimitPercent: 0 } };
    await api.client.patch(PriorityLevelConfigurations, { name: 'global-default' }, { type: 'merge', body: { spec } });
    await clock.settle();
    const { answers } = sendMany(500);
    await clock.settle();
    const queued = Number(await metric('current_inqueue_requests', 'global-default'));
    const running = Number(await metric('current_executing_requests', 'global-default'));
    expect(queued).to.equal(6 * 50);
    expect(running).to.be.greaterThan(0);
    expect(statuses(answers, 429)).to.equal(500 - queued - running);
    expect(answers[0]).to.deep.include({ status: 429, text: 'Too many requests, please try again later.\n' });
    expect(answers[0]?.headers).to.include({ 'retry-after': '1', 'content-type': 'text/plain; charset=utf-8' });

    // Without a moment's wait: the clock stands still.
    const lease = { metadata: { name: 'l' }, spec: {} };
    expect(await get('/readyz')).to.include({ status: 200 });
    expect(await send({ method: 'POST', path: leases, body: lease, user: node })).to.include({ status: 201 });
    expect(await get(`${leases}/l`, manager)).to.include({ status: 200 });
    expect(await get('/api/v1/namespaces', account)).to.include({ status: 200 });

    // One of the same level, before anything else of the flood: as soon as a seat is free.
    const other = get('/api/v1/namespaces/default');
    let answered = false;
    void other.then(() => (answered = true));
    await clock.advance(slowMs - 1);
    expect(answered).to.equal(false);
    await clock.advance(1);
    expect(answered).to.equal(true);
    expect(await other).to.include({ status: 200 });

    // A quarter of the time that a request has is for waiting.
    await clock.advance(15_000 - slowMs);
    expect(Number(await metric('current_inqueue_requests', 'global-default'))).to.equal(0);
    await clock.advance(2 * slowMs);
    expect(answers.length).to.equal(500);
    expect(statuses(answers, 201)).to.equal(2 * running);
    expect(await metric('current_executing_seats', 'global-default')).to.equal('0');
  });

  it('gives the seats of clients that went away to others', async () => {
    const gone = new AbortController();
    const path = '/api/v1/namespaces/default/configmaps';
    const body = { metadata: { generateName: 'f-' } };
    for (let index = 0; index < 300; index++) {
      void send({ method: 'POST', path, body, user: flood, signal: gone.signal }).catch(() => {});
    }
    await clock.settle();
    expect(await metric('current_inqueue_requests', 'global-default')).not.to.equal('0');
    gone.abort();
    await clock.settle();
    expect(await metric('current_inqueue_requests', 'global-default')).to.equal('0');
    await clock.advance(slowMs);
    expect(await metric('current_executing_seats', 'global-default')).to.equal('0');
  });

  it('lets a request keep its seat until its client has taken the answer', async () => {
    let sent = () => {};
    const call = { method: 'GET', path: '/api/v1/namespaces', user: quiet };
    await api.server.handle({ ...toRequest(call), whenSent: (callback) => (sent = callback) });
    expect(await metric('current_executing_requests', 'global-default')).to.equal('1');
    sent();
    expect(await metric('current_executing_requests', 'global-default')).to.equal('0');
  });

  it('lets a watch keep its seat until its initial events are told, or nobody waits for them', async () => {
    const watch = async () => {
      const client = new AbortController();
      const call = { method: 'GET', path: '/api/v1/namespaces?watch=true', user: quiet, signal: client.signal };
      const { body } = await api.server.handle(toRequest(call));
      if (body.type !== 'watch') throw new Error('no watch');
      return { client, frames: body.frames[Symbol.asyncIterator]() };
    };
    const executing = () => metric('current_executing_requests', 'global-default');
    const [read, unread] = [await watch(), await watch()];
    expect(await executing()).to.equal('2');
    await read.frames.next();
    void read.frames.next();
    await clock.settle();
    expect(await executing()).to.equal('1');
    unread.client.abort();
    expect(await executing()).to.equal('0');
    read.client.abort();
  });

  it('tells in every answer which schema and level it was of', async () => {
    const schema = await api.client.get(FlowSchemas, { name: 'global-default' });
    const level = await api.client.get(PriorityLevelConfigurations, { name: 'global-default' });
    for (const path of ['/api/v1/namespaces', '/api/v1/namespaces/none', '/nowhere']) {
      expect((await get(path)).headers, path).to.include({
        'x-kubernetes-pf-flowschema-uid': schema.metadata?.uid,
        'x-kubernetes-pf-prioritylevel-uid': level.metadata?.uid,
      });
    }
  });

  it('leaves objects alone that are as they should be', async () => {
    const versions = async () => {
      const lists = [await api.client.list(FlowSchemas), await api.client.list(PriorityLevelConfigurations)];
      return lists.flatMap(({ items }) => items.map(({ metadata }) => metadata?.resourceVersion));
    };
    await clock.settle();
    const before = await versions();
    await clock.advance(60_000);
    expect(await versions()).to.deep.equal(before);
    expect(before.length).to.equal(8 + 11);
  });

  it('has as many seats as requests may be under way', async () => {
    await using small = await startTestApiServer({
      options: { maxRequestsInflight: 30, maxMutatingRequestsInflight: 19 },
    });
    const { text } = await rawRequest(small.server, { method: 'GET', path: '/metrics' });
    expect(text).to.match(/^apiserver_flowcontrol_nominal_limit_seats\{priority_level="workload-low"\} 20$/m);
  });

  it('keeps its objects, and says which schemas have no level', async () => {
    const dangling = async (name: string) => {
      await clock.settle();
      const { status } = await api.client.get(FlowSchemas, { name });
      return status?.conditions?.map((condition) => `${condition.status} ${condition.reason}`);
    };
    expect(await dangling('global-default')).to.deep.equal(['False Found']);
    await api.client.delete(PriorityLevelConfigurations, { name: 'global-default' });
    await api.client.delete(FlowSchemas, { name: 'catch-all' });
    await clock.settle();
    expect(await dangling('global-default')).to.deep.equal(['True NotFound']);
    await clock.advance(60_000);
    await clock.settle();
    expect(await dangling('global-default')).to.deep.equal(['False Found']);
    const restored = await api.client.get(FlowSchemas, { name: 'catch-all' });
    const managers = restored.metadata?.managedFields?.map(({ manager: name, operation }) => `${name} ${operation}`);
    expect(managers).to.have.members([
      'api-priority-and-fairness-config-producer-v1 Update',
      'api-priority-and-fairness-config-consumer-v1 Apply',
    ]);
  });

  it('shows its queues', async () => {
    sendMany(100);
    await clock.settle();
    const dump = async (what: string) => {
      const { text } = await send({ method: 'GET', path: `/debug/api_priority_and_fairness/dump_${what}` });
      return text.split('\n').map((line) => line.split(/, */).map((cell) => cell.trim()));
    };
    const levels = await dump('priority_levels');
    expect(levels.find(([name]) => name === 'global-default')?.slice(0, 4)).to.deep.equal([
      'global-default',
      '6',
      'false',
      'false',
    ]);
    const requests = (await dump('requests')).filter(([, schema]) => schema === 'global-default');
    expect(requests.length).to.equal(100);
    expect(requests[0]?.slice(4, 10)).to.deep.equal([
      'flood',
      '2026-01-01T00:00:00Z',
      '1',
      '0',
      '0s',
      '0001-01-01T00:00:00Z',
    ]);
    expect((await dump('requests?includeRequestDetails=1'))[0]?.slice(10)).to.deep.equal([
      ...['UserName', 'Verb', 'APIPath', 'Namespace', 'Name', 'APIVersion', 'Resource', 'SubResource'],
    ]);
    expect((await dump('queues')).filter(([name]) => name === 'global-default').length).to.equal(128);
  });

  /** One number of a flow schema. */
  async function metric(name: string, schema: string): Promise<string | undefined> {
    const { text } = await send({ method: 'GET', path: '/metrics' });
    return new RegExp(`^apiserver_flowcontrol_${name}\\{flow_schema="${schema}".*\\} (.*)$`, 'm').exec(text)?.[1];
  }
});
