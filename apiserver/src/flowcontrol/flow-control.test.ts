import { expect } from 'chai';
import type { FlowSchema } from '@coracle/apimachinery/types/flowcontrol-v1';
import { resolveRequestInfo } from '../filters/request-info.ts';
import { flowSchemas, priorityLevels } from '../system/flow-control.ts';
import { matchesSchema } from './match.ts';
import { PriorityLevel } from './priority-level.ts';

const never = new AbortController().signal;

describe('priority and fairness', () => {
  const byPrecedence = (a: FlowSchema, b: FlowSchema) =>
    (a.spec?.matchingPrecedence ?? 0) - (b.spec?.matchingPrecedence ?? 0);
  const schemas = flowSchemas().sort(byPrecedence);
  const cases = [
    { user: 'admin', groups: ['system:masters'], path: '/api/v1/pods', schema: 'exempt' },
    { user: 'a', groups: ['system:authenticated'], path: '/readyz', schema: 'probes' },
    { user: 'a', groups: ['system:authenticated'], path: '/api/v1/pods', schema: 'global-default' },
    { user: 'system:node:n', groups: ['system:nodes'], path: '/api/v1/nodes/n/status', schema: 'system-node-high' },
    { user: 'system:node:n', groups: ['system:nodes'], path: '/api/v1/pods', schema: 'system-nodes' },
    { user: 'system:kube-scheduler', groups: ['system:authenticated'], path: '/api/v1/pods', schema: 'kube-scheduler' },
    {
      user: 'system:serviceaccount:kube-system:x',
      groups: ['system:serviceaccounts'],
      path: '/apis/coordination.k8s.io/v1/namespaces/a/leases/l',
      schema: 'system-leader-election',
    },
    {
      user: 'system:serviceaccount:b:x',
      groups: ['system:serviceaccounts'],
      path: '/api/v1/pods',
      schema: 'service-accounts',
    },
  ];
  for (const { user: username, groups, path, schema } of cases) {
    it(`${username} at ${path} is of ${schema}`, () => {
      const info = resolveRequestInfo({ method: 'GET', path, query: new URLSearchParams() });
      const found = schemas.find((candidate) => matchesSchema(candidate, { username, groups, extra: {} }, info));
      expect(found?.metadata?.name).to.equal(schema);
    });
  }

  function levelOf(name: string, seats: number): PriorityLevel {
    const level = new PriorityLevel();
    const configuration = priorityLevels().find(({ metadata }) => metadata?.name === name);
    if (configuration === undefined) throw new Error(`there is no level ${name}`);
    level.configure(configuration, seats);
    return level;
  }

  it('lets flows take turns, however much one of them sends', async () => {
    const level = levelOf('workload-low', 1);
    const order: string[] = [];
    expect(level.take('first', never)).to.equal(true);
    const waiting = ['loud', 'loud', 'loud', 'quiet'].map(async (flow) => {
      expect(await level.take(flow, never)).to.equal(true);
      order.push(flow);
      level.release();
    });
    level.release();
    await Promise.all(waiting);
    expect(order).to.deep.equal(['loud', 'quiet', 'loud', 'loud']);
    expect(level.inUse).to.equal(0);
  });

  it('turns away where a level has no queue, and when a queue is full', () => {
    const catchAll = levelOf('catch-all', 1);
    expect(catchAll.take('a', never)).to.equal(true);
    expect(catchAll.take('b', never)).to.equal(false);
    const queued = levelOf('workload-low', 0);
    for (let count = 0; count < 50; count++) expect(queued.take('a', never)).to.be.a('promise');
    expect(queued.take('a', never)).to.equal(false);
  });

  it('forgets who stopped waiting', async () => {
    const level = levelOf('workload-low', 1);
    level.take('a', never);
    const leaving = new AbortController();
    const left = level.take('b', leaving.signal);
    const stays = level.take('c', never);
    leaving.abort();
    expect(await left).to.equal(false);
    level.release();
    expect(await stays).to.equal(true);
  });
});
