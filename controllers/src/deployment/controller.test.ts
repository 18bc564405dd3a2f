import { expect } from 'chai';
import { Deployments, Events, Pods, ReplicaSets } from '@coracle/apimachinery/resources';
import type { Deployment } from '@coracle/apimachinery/types/apps-v1';
import { namespace, startTestCluster, type TestCluster } from '../testing/index.ts';

const template = (image: string) => ({
  metadata: { labels: { app: 'web' } },
  spec: { containers: [{ name: 'main', image }] },
});

function deployment(spec: Partial<Deployment['spec']> = {}): Pick<Deployment, 'metadata' | 'spec'> {
  return {
    metadata: { name: 'web' },
    spec: { replicas: 3, selector: { matchLabels: { app: 'web' } }, template: template('one'), ...spec },
  };
}

const complete = (cluster: TestCluster, updated: number) =>
  cluster.until(`${updated} updated and available replicas`, async () => {
    const found = await cluster.get(Deployments, 'web');
    const { updatedReplicas, availableReplicas, replicas, observedGeneration } = found?.status ?? {};
    const isSeen = observedGeneration === found?.metadata?.generation;
    return isSeen && updatedReplicas === updated && availableReplicas === updated && replicas === updated && found;
  });

const patch = (cluster: TestCluster, body: unknown) =>
  cluster.client.patch(Deployments, { namespace, name: 'web' }, { type: 'merge', body });

describe('deployment controller', () => {
  it('brings up the replicas and says so', async () => {
    await using cluster = await startTestCluster();
    await cluster.create(Deployments, deployment());
    const { status, metadata } = await complete(cluster, 3);
    expect(status?.conditions?.map(({ type, status: value, reason }) => [type, value, reason])).to.have.deep.members([
      ['Available', 'True', 'MinimumReplicasAvailable'],
      ['Progressing', 'True', 'NewReplicaSetAvailable'],
    ]);
    expect(metadata?.annotations).to.include({ 'deployment.kubernetes.io/revision': '1' });
    const [set] = await cluster.list(ReplicaSets);
    expect(set?.metadata?.annotations).to.deep.equal({
      'deployment.kubernetes.io/desired-replicas': '3',
      'deployment.kubernetes.io/max-replicas': '4',
      'deployment.kubernetes.io/revision': '1',
    });
    const hash = set?.metadata?.labels?.['pod-template-hash'];
    expect(set?.metadata?.name).to.equal(`web-${hash}`);
    const pods = await cluster.list(Pods);
    expect(pods.map((pod) => pod.metadata?.labels?.['pod-template-hash'])).to.deep.equal([hash, hash, hash]);
    const messages = await cluster.until('the event', async () => {
      const events = (await cluster.list(Events)).map(({ message }) => message);
      return events.includes(`Scaled up replica set ${set?.metadata?.name} from 0 to 3`) && events;
    });
    expect(messages).to.have.length(4);
  });

  it('rolls to a new template and back within surge and unavailability', async () => {
    await using cluster = await startTestCluster();
    await cluster.create(Deployments, deployment({ strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } } }));
    await complete(cluster, 3);
    let most = 0;
    let least = 3;
    const count = async () => {
      const sets = await cluster.list(ReplicaSets);
      most = Math.max(
        most,
        sets.reduce((sum, set) => sum + (set.spec?.replicas ?? 0), 0),
      );
      least = Math.min(
        least,
        sets.reduce((sum, set) => sum + (set.status?.availableReplicas ?? 0), 0),
      );
      return sets;
    };
    await patch(cluster, { spec: { template: template('two') } });
    await cluster.until('the second revision alone', async () => {
      const sets = await count();
      return (
        sets.length === 2 &&
        sets.every(
          (set) => (set.status?.replicas ?? 0) === (set.spec?.template?.spec?.containers[0]?.image === 'two' ? 3 : 0),
        )
      );
    });
    expect({ most, least }).to.deep.equal({ most: 4, least: 3 });
    await complete(cluster, 3);

    await patch(cluster, { spec: { template: template('one') } });
    await complete(cluster, 3);
    const sets = await cluster.list(ReplicaSets);
    const current = sets.find((set) => set.spec?.template?.spec?.containers[0]?.image === 'one');
    expect(sets).to.have.length(2);
    expect(current?.metadata?.annotations).to.include({
      'deployment.kubernetes.io/revision': '3',
      'deployment.kubernetes.io/revision-history': '1',
    });
  });

  it('recreates only after the last old pod has gone', async () => {
    await using cluster = await startTestCluster();
    await cluster.create(Deployments, deployment({ strategy: { type: 'Recreate' } }));
    await complete(cluster, 3);
    await patch(cluster, { spec: { template: template('two') } });
    await cluster.until('the new pods', async () => {
      const images = new Set((await cluster.list(Pods)).map((pod) => pod.spec?.containers[0]?.image));
      expect(images.size).to.be.at.most(1);
      return images.has('two');
    });
    await complete(cluster, 3);
  });

  it('reports a rollout that misses its deadline', async () => {
    await using cluster = await startTestCluster({ kubelet: () => 'running' });
    await cluster.create(Deployments, deployment({ progressDeadlineSeconds: 30 }));
    await cluster.until('the pods', async () => (await cluster.list(Pods)).length === 3);
    await cluster.clock.advance(60_000);
    const condition = await cluster.until('the condition', async () => {
      const found = await cluster.get(Deployments, 'web');
      return found?.status?.conditions?.find(({ reason }) => reason === 'ProgressDeadlineExceeded');
    });
    expect(condition).to.include({ type: 'Progressing', status: 'False' });
    expect(condition.message).to.match(/^ReplicaSet "web-\w+" has timed out progressing\.$/);
  });

  it('scales the sets of an unfinished rollout in proportion', async () => {
    await using cluster = await startTestCluster({
      kubelet: (pod) => (pod.spec?.containers[0]?.image === 'one' ? 'ready' : 'running'),
    });
    await cluster.create(
      Deployments,
      deployment({ replicas: 10, strategy: { rollingUpdate: { maxSurge: 3, maxUnavailable: 2 } } }),
    );
    await complete(cluster, 10);
    await patch(cluster, { spec: { template: template('two') } });
    const sizes = async () =>
      Object.fromEntries(
        (await cluster.list(ReplicaSets)).map((set) => [
          set.spec?.template?.spec?.containers[0]?.image,
          set.spec?.replicas,
        ]),
      );
    await cluster.until('the stuck rollout', async () => {
      const now = await sizes();
      return now['one'] === 8 && now['two'] === 5;
    });
    await patch(cluster, { spec: { replicas: 30 } });
    await cluster.until('the proportions', async () => {
      const now = await sizes();
      return now['one'] === 20 && now['two'] === 13;
    });
  });

  it('cleans up history beyond the limit', async () => {
    await using cluster = await startTestCluster();
    await cluster.create(Deployments, deployment({ replicas: 1, revisionHistoryLimit: 0 }));
    await complete(cluster, 1);
    await patch(cluster, { spec: { template: template('two') } });
    await complete(cluster, 1);
    await cluster.until('a single set', async () => (await cluster.list(ReplicaSets)).length === 1);
  });
});
