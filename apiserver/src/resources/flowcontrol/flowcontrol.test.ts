import { expect } from 'chai';
import { FlowSchemas, PriorityLevelConfigurations } from '@coracle/apimachinery/resources';
import { startTestApiServer, type TestApiServer } from '../../testing/index.ts';
import { causesOf } from '../shared/testing.ts';

describe('strategies of flowcontrol', () => {
  let api: TestApiServer;
  before(async () => {
    api = await startTestApiServer();
  });
  after(() => api.stop());

  const everything = { verbs: ['*'], apiGroups: ['*'], resources: ['*'], clusterScope: true };
  const subjects = [{ kind: 'User', user: { name: 'u' } }];

  it('read a schema again whose lists are null', async () => {
    const spec = { priorityLevelConfiguration: { name: 'exempt' }, rules: [{ subjects, resourceRules: [everything] }] };
    const made = await api.client.create(FlowSchemas, { metadata: { name: 's' }, spec } as object);
    expect(made.spec?.matchingPrecedence).to.equal(1000);
    const body = { spec: { matchingPrecedence: 10 } };
    const changed = await api.client.patch(FlowSchemas, { name: 's' }, { type: 'merge', body });
    expect(changed.spec?.matchingPrecedence).to.equal(10);
  });

  it('fill in queues', async () => {
    const spec = { type: 'Limited', limited: { limitResponse: { type: 'Queue', queuing: {} } } };
    const made = await api.client.create(PriorityLevelConfigurations, { metadata: { name: 'p' }, spec } as object);
    expect(made.spec?.limited).to.deep.equal({
      nominalConcurrencyShares: 30,
      lendablePercent: 0,
      limitResponse: { type: 'Queue', queuing: { queues: 64, handSize: 8, queueLengthLimit: 50 } },
    });
  });

  it('keep the exempt level to its name', async () => {
    const made = api.client.create(PriorityLevelConfigurations, {
      metadata: { name: 'q' },
      spec: { type: 'Exempt' },
    } as object);
    expect(await causesOf(made)).to.deep.equal([
      "spec.type: Invalid value: \"Exempt\": must be 'Exempt' if and only if `name` is 'exempt'",
    ]);
  });
});
