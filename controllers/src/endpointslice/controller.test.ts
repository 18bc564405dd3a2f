import { expect } from 'chai';
import { Endpoints, EndpointSlices, Pods, Services } from '@coracle/apimachinery/resources';
import type { Pod, Service } from '@coracle/apimachinery/types/core-v1';
import { namespace, startTestCluster, type TestCluster } from '../testing/index.ts';

const service = (cluster: TestCluster, spec: Partial<Service['spec']> = {}) =>
  cluster.create(Services, {
    metadata: { name: 'web', labels: { team: 'a' } },
    spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 'http' }], ...spec },
  });
const pod = (cluster: TestCluster, name: string, spec: Partial<Pod['spec']> = {}) =>
  cluster.create(Pods, {
    metadata: { name, labels: { app: 'web' } },
    spec: { containers: [{ name: 'main', image: 'image', ports: [{ name: 'http', containerPort: 8080 }] }], ...spec },
  });
const slices = async (cluster: TestCluster) =>
  (await cluster.list(EndpointSlices)).filter(
    ({ metadata }) => metadata?.labels?.['kubernetes.io/service-name'] === 'web',
  );

describe('endpoint slices and endpoints', () => {
  it('begin with an empty slice and follow the pods', async () => {
    await using cluster = await startTestCluster({ nodes: ['n'] });
    await service(cluster);
    const empty = await cluster.until('a slice', async () => (await slices(cluster))[0]);
    expect(empty.endpoints ?? []).to.deep.equal([]);
    await pod(cluster, 'one');
    const slice = await cluster.until('a ready endpoint', async () => {
      const [first] = await slices(cluster);
      return first?.endpoints?.[0]?.conditions?.ready && first;
    });
    expect(slice.metadata?.name).to.equal(empty.metadata?.name);
    expect(slice.metadata?.labels).to.deep.equal({
      team: 'a',
      'kubernetes.io/service-name': 'web',
      'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
    });
    expect(slice).to.deep.include({ addressType: 'IPv4', ports: [{ name: '', port: 8080, protocol: 'TCP' }] });
    expect(slice.endpoints?.[0]).to.deep.include({
      addresses: ['10.1.0.1'],
      conditions: { ready: true, serving: true, terminating: false },
      nodeName: 'n',
    });
    const endpoints = await cluster.until('endpoints', async () => {
      const found = await cluster.get(Endpoints, 'web');
      return found?.subsets?.[0]?.addresses && found;
    });
    expect(endpoints.subsets?.[0]).to.deep.include({ ports: [{ port: 8080, protocol: 'TCP' }] });
    await cluster.client.delete(Pods, { namespace, name: 'one' });
    await cluster.until('no endpoints', async () => {
      const [first] = await slices(cluster);
      return (first?.endpoints ?? []).length === 0 && !(await cluster.get(Endpoints, 'web'))?.subsets?.length;
    });
  });

  it('keep pods that are not ready apart, unless they are to be published', async () => {
    await using cluster = await startTestCluster({ nodes: ['n'], kubelet: () => 'running' });
    await service(cluster);
    await pod(cluster, 'one');
    const ready = async () => (await slices(cluster))[0]?.endpoints?.[0]?.conditions?.ready;
    await cluster.until('an endpoint that is not ready', async () => (await ready()) === false);
    await cluster.until(
      'its address apart',
      async () => (await cluster.get(Endpoints, 'web'))?.subsets?.[0]?.notReadyAddresses?.length === 1,
    );
    await cluster.client.patch(
      Services,
      { namespace, name: 'web' },
      { type: 'merge', body: { spec: { publishNotReadyAddresses: true } } },
    );
    await cluster.until('it published', async () => ready());
  });

  it('go with the service', async () => {
    await using cluster = await startTestCluster({ nodes: ['n'] });
    await service(cluster);
    await cluster.until(
      'both',
      async () => (await slices(cluster)).length === 1 && (await cluster.get(Endpoints, 'web')),
    );
    await cluster.client.delete(Services, { namespace, name: 'web' });
    await cluster.until(
      'neither',
      async () => (await slices(cluster)).length === 0 && !(await cluster.get(Endpoints, 'web')),
    );
  });

  it('are mirrored from endpoints that somebody keeps by hand', async () => {
    await using cluster = await startTestCluster();
    await cluster.create(Services, { metadata: { name: 'web' }, spec: { ports: [{ port: 80 }] } });
    await cluster.create(Endpoints, {
      metadata: { name: 'web' },
      subsets: [{ addresses: [{ ip: '10.1.2.3' }], ports: [{ name: 'http', port: 80 }] }],
    });
    const mirror = await cluster.until('the mirror', async () => (await slices(cluster))[0]);
    expect(mirror.metadata?.labels).to.include({
      'endpointslice.kubernetes.io/managed-by': 'endpointslicemirroring-controller.k8s.io',
    });
    expect(mirror.endpoints?.[0]).to.deep.include({ addresses: ['10.1.2.3'], conditions: { ready: true } });
    const subsets = [{ addresses: [{ ip: '10.2.3.4' }], ports: [{ name: 'http', port: 9090 }] }];
    await cluster.client.patch(Endpoints, { namespace, name: 'web' }, { type: 'merge', body: { subsets } });
    await cluster.until('the change mirrored', async () => {
      const now = await slices(cluster);
      return (
        now.length === 1 && now[0]?.endpoints?.[0]?.addresses[0] === '10.2.3.4' && now[0].ports?.[0]?.port === 9090
      );
    });
    await cluster.client.delete(Endpoints, { namespace, name: 'web' });
    await cluster.until('no mirror', async () => (await slices(cluster)).length === 0);
  });
});
