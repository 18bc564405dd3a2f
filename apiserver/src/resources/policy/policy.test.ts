import { expect } from 'chai';
import { PodDisruptionBudgets } from '@coracle/apimachinery/resources';
import { startTestApiServer, type TestApiServer } from '../../testing/index.ts';
import { causesOf } from '../shared/testing.ts';

const namespace = 'default';

describe('strategies of policy', () => {
  let api: TestApiServer;
  before(async () => {
    api = await startTestApiServer();
  });
  after(() => api.stop());

  const budget = (name: string, spec: object) => ({ metadata: { name, namespace }, spec }) as object;

  it('count the changes of a budget', async () => {
    await api.client.create(PodDisruptionBudgets, budget('a', { minAvailable: 1 }));
    const body = { spec: { minAvailable: '50%' } };
    const changed = await api.client.patch(PodDisruptionBudgets, { namespace, name: 'a' }, { type: 'merge', body });
    expect(changed.metadata?.generation).to.equal(2);
  });

  it('refuse a budget that says two things', async () => {
    const both = { minAvailable: 1, maxUnavailable: 1 };
    const [cause] = await causesOf(api.client.create(PodDisruptionBudgets, budget('b', both)));
    expect(cause).to.match(/^spec: Invalid value: .*: minAvailable and maxUnavailable cannot be both set$/);
  });
});
