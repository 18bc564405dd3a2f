import { expect } from 'chai';
import { IngressClasses, Ingresses, IPAddresses, NetworkPolicies } from '@coracle/apimachinery/resources';
import { startTestApiServer, type TestApiServer } from '../../testing/index.ts';
import { causesOf } from '../shared/testing.ts';

const namespace = 'default';

describe('strategies of networking.k8s.io', () => {
  let api: TestApiServer;
  before(async () => {
    api = await startTestApiServer();
  });
  after(() => api.stop());

  const ingress = (spec: object) => ({ metadata: { name: 'i', namespace }, spec });

  it('refuse an ingress that leads nowhere', async () => {
    expect(await causesOf(api.client.create(Ingresses, ingress({})))).to.deep.equal([
      'spec: Invalid value: null: either `defaultBackend` or `rules` must be specified',
    ]);
    const backend = { service: { name: 's', port: { name: 'n', number: 3 } } };
    expect(await causesOf(api.client.create(Ingresses, ingress({ defaultBackend: backend })))).to.deep.equal([
      'spec.defaultBackend: Invalid value: "": cannot set both port name & port number',
    ]);
  });

  it('tell which directions a network policy means', async () => {
    const policy = (name: string, spec: object) =>
      api.client.create(NetworkPolicies, { metadata: { name, namespace }, spec } as object);
    const inward = await policy('a', { podSelector: {} });
    expect(inward.spec?.policyTypes).to.deep.equal(['Ingress']);
    const both = await policy('b', { podSelector: {}, egress: [{ ports: [{ port: 53 }] }] });
    expect(both.spec?.policyTypes).to.deep.equal(['Ingress', 'Egress']);
    expect(both.spec?.egress).to.deep.equal([{ ports: [{ port: 53, protocol: 'TCP' }] }]);
    const outside = { cidr: '10.0.0.0/8', except: ['11.0.0.0/8'] };
    const [cause] = await causesOf(policy('c', { podSelector: {}, ingress: [{ from: [{ ipBlock: outside }] }] }));
    expect(cause).to.match(/except\[0\]: Invalid value: "11\.0\.0\.0\/8": must be a strict subset of `cidr`$/);
  });

  it('keep what an address belongs to', async () => {
    const parentRef = { resource: 'services', namespace, name: 's' };
    await api.client.create(IPAddresses, { metadata: { name: '10.9.9.9' }, spec: { parentRef } } as object);
    const body = { spec: { parentRef: { name: 't' } } };
    expect(await causesOf(api.client.patch(IPAddresses, { name: '10.9.9.9' }, { type: 'merge', body }))).to.deep.equal([
      'spec.parentRef: Invalid value: null: field is immutable',
    ]);
  });

  it('look for the settings of an ingress class in the cluster', async () => {
    const spec = { controller: 'a.b/c', parameters: { kind: 'K', name: 'n' } };
    const made = await api.client.create(IngressClasses, { metadata: { name: 'c' }, spec } as object);
    expect(made.spec?.parameters?.scope).to.equal('Cluster');
  });
});
