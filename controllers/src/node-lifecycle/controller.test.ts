import { expect } from 'chai';
import { Leases, Namespaces, Nodes, Pods } from '@coracle/apimachinery/resources';
import { startTestCluster, type TestCluster } from '../testing/index.ts';

const taints = async (cluster: TestCluster, name: string) =>
  ((await cluster.get(Nodes, name))?.spec?.taints ?? [])
    .map(({ key, effect }) => `${key.split('/')[1]}:${effect}`)
    .sort();

/** Heartbeats of the nodes that live, for as long as the test moves time. */
async function pass(cluster: TestCluster, seconds: number, living: readonly string[]): Promise<void> {
  for (let passed = 0; passed < seconds; passed += 10) {
    for (const name of living) {
      const renewTime = `${new Date(cluster.clock.now()).toISOString().slice(0, -1)}000Z`;
      const key = { namespace: 'kube-node-lease', name };
      await cluster.client.patch(Leases, key, { type: 'merge', body: { spec: { renewTime } } });
    }
    await cluster.clock.advance(10_000);
  }
}

async function startLeases(cluster: TestCluster, names: readonly string[]): Promise<void> {
  await cluster.client
    .create(Namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kube-node-lease' } })
    .catch(() => undefined);
  for (const name of names) {
    const lease = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name, namespace: 'kube-node-lease' },
    };
    await cluster.client.create(Leases, lease);
  }
}

describe('node lifecycle', () => {
  it('notices a node that stops reporting, taints it and evicts its pods', async () => {
    await using cluster = await startTestCluster({ nodes: ['dead', 'alive'] });
    await startLeases(cluster, ['dead', 'alive']);
    const tolerations = [
      { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 30 },
    ];
    const spec = { containers: [{ name: 'main', image: 'image' }], nodeName: 'dead' };
    await cluster.create(Pods, { metadata: { name: 'tolerant' }, spec: { ...spec, tolerations } });
    await cluster.create(Pods, { metadata: { name: 'fragile' }, spec });
    await cluster.until('both ready', async () =>
      (await cluster.list(Pods)).every(({ status }) =>
        status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True'),
      ),
    );
    await pass(cluster, 40, ['alive']);
    expect(await taints(cluster, 'dead')).to.deep.equal([]);
    await pass(cluster, 20, ['alive']);
    const ready = (await cluster.get(Nodes, 'dead'))?.status?.conditions?.find(({ type }) => type === 'Ready');
    expect(ready).to.include({
      status: 'Unknown',
      reason: 'NodeStatusUnknown',
      message: 'Kubelet stopped posting node status.',
    });
    expect(await taints(cluster, 'dead')).to.deep.equal(['unreachable:NoExecute', 'unreachable:NoSchedule']);
    expect(await taints(cluster, 'alive')).to.deep.equal([]);
    expect((await cluster.list(Pods)).map(({ metadata }) => metadata?.name)).to.deep.equal(['tolerant']);
    await pass(cluster, 40, ['alive']);
    expect(await cluster.list(Pods)).to.deep.equal([]);
  });

  it('takes the taints away when the node is back', async () => {
    await using cluster = await startTestCluster({ nodes: ['back', 'alive'] });
    await startLeases(cluster, ['back', 'alive']);
    await pass(cluster, 60, ['alive']);
    expect(await taints(cluster, 'back')).to.have.length(2);
    const time = new Date(cluster.clock.now()).toISOString();
    const conditions = [{ type: 'Ready', status: 'True', lastHeartbeatTime: time, lastTransitionTime: time }];
    await cluster.client.patch(
      Nodes,
      { name: 'back' },
      { type: 'strategic', body: { status: { conditions } } },
      { subresource: 'status' },
    );
    await cluster.until('no taints', async () => (await taints(cluster, 'back')).length === 0);
  });

  it('evicts nobody when every node is lost at once', async () => {
    await using cluster = await startTestCluster({ nodes: ['a', 'b'] });
    await pass(cluster, 70, []);
    expect(await taints(cluster, 'a')).to.deep.equal(['unreachable:NoSchedule']);
    expect(await taints(cluster, 'b')).to.deep.equal(['unreachable:NoSchedule']);
  });

  it('taints by conditions and by being unschedulable', async () => {
    await using cluster = await startTestCluster({ nodes: ['a'] });
    await cluster.client.patch(Nodes, { name: 'a' }, { type: 'merge', body: { spec: { unschedulable: true } } });
    const conditions = [{ type: 'DiskPressure', status: 'True' }];
    await cluster.client.patch(
      Nodes,
      { name: 'a' },
      { type: 'strategic', body: { status: { conditions } } },
      { subresource: 'status' },
    );
    await cluster.until(
      'the taints',
      async () => (await taints(cluster, 'a')).join() === 'disk-pressure:NoSchedule,unschedulable:NoSchedule',
    );
  });

  it('collects the pods of a node that is gone', async () => {
    await using cluster = await startTestCluster({ nodes: ['a', 'b'], kubelet: () => 'running' });
    await cluster.create(Pods, {
      metadata: { name: 'left' },
      spec: { containers: [{ name: 'main', image: 'image' }], nodeName: 'a' },
    });
    await cluster.client.delete(Nodes, { name: 'a' });
    await cluster.clock.advance(30_000);
    expect(await cluster.list(Pods)).to.have.length(1);
    await cluster.clock.advance(15_000);
    await cluster.until('no pods', async () => (await cluster.list(Pods)).length === 0);
  });
});
