import { expect } from 'chai';
import { Pods, ReplicaSets, ReplicationControllers } from '@coracle/apimachinery/resources';
import { namespace, startTestCluster } from '../testing/index.ts';

const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'main', image: 'image' }] } };

describe('replica set controller', () => {
  it('adopts matching orphans instead of making pods', async () => {
    await using cluster = await startTestCluster();
    await cluster.create(Pods, { metadata: { name: 'orphan', labels: { app: 'web' } }, spec: template.spec });
    await cluster.create(ReplicaSets, {
      metadata: { name: 'web' },
      spec: { replicas: 1, selector: { matchLabels: { app: 'web' } }, template },
    });
    const set = await cluster.until('a ready replica', async () => {
      const found = await cluster.get(ReplicaSets, 'web');
      return found?.status?.availableReplicas === 1 && found;
    });
    const pods = await cluster.list(Pods);
    expect(pods.map(({ metadata }) => [metadata?.name, metadata?.ownerReferences?.[0]?.uid])).to.deep.equal([
      ['orphan', set.metadata?.uid],
    ]);
  });

  it('lets go of a pod whose labels stop matching, and replaces it', async () => {
    await using cluster = await startTestCluster();
    await cluster.create(ReplicaSets, {
      metadata: { name: 'web' },
      spec: { replicas: 1, selector: { matchLabels: { app: 'web' } }, template },
    });
    const [pod] = await cluster.until('the pod', async () => {
      const pods = await cluster.list(Pods);
      return pods.length === 1 && pods;
    });
    const name = pod?.metadata?.name ?? '';
    await cluster.client.patch(
      Pods,
      { namespace, name },
      { type: 'merge', body: { metadata: { labels: { app: 'other' } } } },
    );
    await cluster.until('a second pod and a free first', async () => {
      const pods = await cluster.list(Pods);
      return (
        pods.length === 2 && !pods.find(({ metadata }) => metadata?.name === name)?.metadata?.ownerReferences?.length
      );
    });
  });

  it('scales down, unready pods first', async () => {
    let made = 0;
    const fates = new Map<string, 'ready' | 'running'>();
    await using cluster = await startTestCluster({
      kubelet: ({ metadata }) => {
        const uid = metadata?.uid ?? '';
        const fate = fates.get(uid) ?? (made++ === 0 ? 'running' : 'ready');
        fates.set(uid, fate);
        return fate;
      },
    });
    await cluster.create(ReplicaSets, {
      metadata: { name: 'web' },
      spec: { replicas: 3, selector: { matchLabels: { app: 'web' } }, template },
    });
    await cluster.until(
      'two ready replicas',
      async () => (await cluster.get(ReplicaSets, 'web'))?.status?.readyReplicas === 2,
    );
    await cluster.client.patch(
      ReplicaSets,
      { namespace, name: 'web' },
      { type: 'merge', body: { spec: { replicas: 2 } } },
    );
    await cluster.until('two pods', async () => (await cluster.list(Pods)).length === 2);
    const pods = await cluster.list(Pods);
    expect(pods.map(({ metadata }) => fates.get(metadata?.uid ?? ''))).to.deep.equal(['ready', 'ready']);
  });

  it('counts a pod as available only after minReadySeconds', async () => {
    await using cluster = await startTestCluster();
    const spec = { replicas: 1, minReadySeconds: 20, selector: { matchLabels: { app: 'web' } }, template };
    await cluster.create(ReplicaSets, { metadata: { name: 'web' }, spec });
    const status = async () => (await cluster.get(ReplicaSets, 'web'))?.status;
    await cluster.until('a ready replica', async () => (await status())?.readyReplicas === 1);
    expect((await status())?.availableReplicas ?? 0).to.equal(0);
    await cluster.clock.advance(25_000);
    await cluster.until('an available replica', async () => (await status())?.availableReplicas === 1);
  });

  it('serves replication controllers alike', async () => {
    await using cluster = await startTestCluster();
    await cluster.create(ReplicationControllers, {
      metadata: { name: 'web' },
      spec: { replicas: 2, selector: { app: 'web' }, template },
    });
    await cluster.until(
      'two ready replicas',
      async () => (await cluster.get(ReplicationControllers, 'web'))?.status?.readyReplicas === 2,
    );
  });
});
