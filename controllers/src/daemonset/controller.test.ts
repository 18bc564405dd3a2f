import { expect } from 'chai';
import { ControllerRevisions, DaemonSets, Nodes, Pods } from '@coracle/apimachinery/resources';
import type { DaemonSet } from '@coracle/apimachinery/types/apps-v1';
import { namespace, startTestCluster, type TestCluster } from '../testing/index.ts';

const template = (image: string) => ({
  metadata: { labels: { app: 'agent' } },
  spec: { containers: [{ name: 'main', image }] },
});
const create = (cluster: TestCluster, spec: Partial<DaemonSet['spec']> = {}) =>
  cluster.create(DaemonSets, {
    metadata: { name: 'agent' },
    spec: { selector: { matchLabels: { app: 'agent' } }, template: template('one'), ...spec },
  });
const available = (cluster: TestCluster, count: number) =>
  cluster.until(`${count} available`, async () => {
    const set = await cluster.get(DaemonSets, 'agent');
    const { numberAvailable, updatedNumberScheduled, desiredNumberScheduled } = set?.status ?? {};
    return numberAvailable === count && updatedNumberScheduled === count && desiredNumberScheduled === count && set;
  });
const placed = async (cluster: TestCluster) => (await cluster.list(Pods)).map((pod) => pod.spec?.nodeName).sort();

describe('daemon set controller', () => {
  it('runs one pod on every node, those that come later included', async () => {
    await using cluster = await startTestCluster({ nodes: ['a', 'b'] });
    await create(cluster);
    const set = await available(cluster, 2);
    expect(await placed(cluster)).to.deep.equal(['a', 'b']);
    expect(set.status).to.include({ currentNumberScheduled: 2, numberReady: 2 });
    await cluster.create(Nodes, { metadata: { name: 'c' } });
    await available(cluster, 3);
    const [revision] = await cluster.list(ControllerRevisions);
    const text = JSON.stringify(revision?.data);
    expect(text).to.match(
      /^\{"spec":\{"template":\{"\$patch":"replace","metadata":\{"labels":\{"app":"agent"\}\},"spec":\{"containers":\[\{"image":"one",/,
    );
    const [pod] = await cluster.list(Pods);
    expect(pod?.spec?.tolerations?.map(({ key }) => key)).to.include('node.kubernetes.io/unschedulable');
  });

  it('follows the node selector as labels come and go', async () => {
    await using cluster = await startTestCluster({ nodes: ['a', 'b'] });
    const label = (name: string, value: string | null) =>
      cluster.client.patch(Nodes, { name }, { type: 'merge', body: { metadata: { labels: { kind: value } } } });
    const spec = { ...template('one').spec, nodeSelector: { kind: 'edge' } };
    await create(cluster, { template: { ...template('one'), spec } });
    await cluster.until(
      'nothing wanted',
      async () => (await cluster.get(DaemonSets, 'agent'))?.status?.observedGeneration === 1,
    );
    expect(await placed(cluster)).to.deep.equal([]);
    await label('b', 'edge');
    await available(cluster, 1);
    expect(await placed(cluster)).to.deep.equal(['b']);
    await label('b', null);
    await cluster.until('no pod', async () => (await placed(cluster)).length === 0);
  });

  it('keeps off nodes with a taint, and leaves them for NoExecute', async () => {
    await using cluster = await startTestCluster({ nodes: ['a', 'b'] });
    const taint = (effect: string) =>
      cluster.client.patch(Nodes, { name: 'a' }, { type: 'merge', body: { spec: { taints: [{ key: 'x', effect }] } } });
    await create(cluster);
    await available(cluster, 2);
    await taint('NoSchedule');
    await cluster.until(
      'a misplaced pod',
      async () => (await cluster.get(DaemonSets, 'agent'))?.status?.numberMisscheduled === 1,
    );
    expect(await placed(cluster)).to.deep.equal(['a', 'b']);
    await taint('NoExecute');
    await cluster.until('a pod on the other node alone', async () => (await placed(cluster)).join() === 'b');
  });

  it('rolls to a new template one node at a time and keeps its revisions', async () => {
    await using cluster = await startTestCluster({ nodes: ['a', 'b', 'c'] });
    await create(cluster);
    await available(cluster, 3);
    let least = 3;
    await cluster.client.patch(
      DaemonSets,
      { namespace, name: 'agent' },
      { type: 'merge', body: { spec: { template: template('two') } } },
    );
    await cluster.until('the new template everywhere', async () => {
      const pods = await cluster.list(Pods);
      least = Math.min(least, pods.filter((pod) => !pod.metadata?.deletionTimestamp).length);
      return pods.filter((pod) => pod.spec?.containers[0]?.image === 'two').length === 3;
    });
    expect(least).to.be.at.least(2);
    await available(cluster, 3);
    const revisions = await cluster.list(ControllerRevisions);
    expect(revisions.map(({ revision }) => revision).sort()).to.deep.equal([1, 2]);
    const current = revisions.find(({ revision }) => revision === 2);
    const hash = current?.metadata?.labels?.['controller-revision-hash'];
    expect(
      (await cluster.list(Pods)).map(({ metadata }) => metadata?.labels?.['controller-revision-hash']),
    ).to.deep.equal([hash, hash, hash]);
  });

  it('starts the new pod before the old one goes when it may surge', async () => {
    await using cluster = await startTestCluster({
      nodes: ['a'],
      kubelet: (pod) => (pod.spec?.containers[0]?.image === 'one' ? 'ready' : 'running'),
    });
    await create(cluster, {
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
    });
    await available(cluster, 1);
    await cluster.client.patch(
      DaemonSets,
      { namespace, name: 'agent' },
      { type: 'merge', body: { spec: { template: template('two') } } },
    );
    await cluster.until('both pods', async () => (await cluster.list(Pods)).length === 2);
    await cluster.clock.advance(10_000);
    const pods = await cluster.list(Pods);
    expect(pods.map((pod) => pod.spec?.containers[0]?.image).sort()).to.deep.equal(['one', 'two']);
    const name = pods.find((pod) => pod.spec?.containers[0]?.image === 'two')?.metadata?.name ?? '';
    const conditions = [
      { type: 'Ready', status: 'True', lastTransitionTime: new Date(cluster.clock.now()).toISOString() },
    ];
    await cluster.client.patch(
      Pods,
      { namespace, name },
      { type: 'strategic', body: { status: { conditions } } },
      { subresource: 'status' },
    );
    await cluster.until(
      'the new pod alone',
      async () => (await cluster.list(Pods)).map((pod) => pod.metadata?.name).join() === name,
    );
  });

  it('replaces failed pods', async () => {
    let count = 0;
    await using cluster = await startTestCluster({ nodes: ['a'], kubelet: () => (count++ < 2 ? 'failed' : 'ready') });
    await create(cluster);
    await available(cluster, 1);
  });
});
