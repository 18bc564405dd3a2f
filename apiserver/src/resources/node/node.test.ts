import { expect } from 'chai';
import { RuntimeClasses } from '@coracle/apimachinery/resources';
import { startTestApiServer, type TestApiServer } from '../../testing/index.ts';
import { causesOf } from '../shared/testing.ts';

describe('strategies of node.k8s.io', () => {
  let api: TestApiServer;
  before(async () => {
    api = await startTestApiServer();
  });
  after(() => api.stop());

  it('check what the pods of a class get', async () => {
    const made = api.client.create(RuntimeClasses, {
      metadata: { name: 'a' },
      handler: 'A_',
      overhead: { podFixed: { cpu: '-1' } },
    } as object);
    const [overhead, handler] = await causesOf(made);
    expect(overhead).to.equal('overhead.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0');
    expect(handler).to.match(/^handler: Invalid value: "A_": a lowercase RFC 1123 label must consist of /);
  });

  it('keep the handler', async () => {
    await api.client.create(RuntimeClasses, { metadata: { name: 'b' }, handler: 'h' } as object);
    const changed = api.client.patch(RuntimeClasses, { name: 'b' }, { type: 'merge', body: { handler: 'i' } });
    expect(await causesOf(changed)).to.deep.equal(['handler: Invalid value: null: field is immutable']);
  });
});
