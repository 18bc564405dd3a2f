import { expect } from 'chai';
import { Deployments, Events, HorizontalPodAutoscalers } from '@coracle/apimachinery/resources';
import type { HorizontalPodAutoscalerSpec } from '@coracle/apimachinery/types/autoscaling-v2';
import { startTestCluster, type TestCluster } from '../testing/index.ts';

const autoscaler = (cluster: TestCluster, spec: Partial<HorizontalPodAutoscalerSpec> = {}) =>
  cluster.create(HorizontalPodAutoscalers, {
    metadata: { name: 'web' },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
      minReplicas: 2,
      maxReplicas: 5,
      ...spec,
    },
  });
const deployment = (cluster: TestCluster, replicas: number) => {
  const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'main', image: 'image' }] } };
  return cluster.create(Deployments, {
    metadata: { name: 'web' },
    spec: { replicas, selector: { matchLabels: { app: 'web' } }, template },
  });
};
const condition = (cluster: TestCluster, type: string, reason: string) =>
  cluster.until(`${type} to say ${reason}`, async () => {
    const { conditions = [] } = (await cluster.get(HorizontalPodAutoscalers, 'web'))?.status ?? {};
    return conditions.find((found) => found.type === type && found.reason === reason);
  });

describe('horizontal pod autoscaler controller', () => {
  for (const [from, to, text] of [
    [1, 2, 'below Spec.MinReplicas'],
    [9, 5, 'above Spec.MaxReplicas'],
  ] as const) {
    it(`brings ${from} replicas to ${to} without asking for metrics`, async () => {
      await using cluster = await startTestCluster();
      await deployment(cluster, from);
      await autoscaler(cluster);
      await cluster.until('the new size', async () => (await cluster.get(Deployments, 'web'))?.spec.replicas === to);
      await condition(cluster, 'AbleToScale', 'SucceededRescale');
      const message = `New size: ${to}; reason: Current number of replicas ${text}`;
      await cluster.until('the event', async () =>
        (await cluster.list(Events)).some((event) => event.message === message),
      );
    });
  }

  it('says so when there are no metrics, and leaves the size', async () => {
    await using cluster = await startTestCluster();
    await deployment(cluster, 3);
    await autoscaler(cluster);
    const found = await condition(cluster, 'ScalingActive', 'FailedGetResourceMetric');
    expect(found.status).to.equal('False');
    expect(found.message).to.match(
      /^the HPA was unable to compute the replica count: failed to get cpu resource metric value: /,
    );
    expect((await cluster.get(Deployments, 'web'))?.spec.replicas).to.equal(3);
  });

  it('is off while the target has no replicas, and says when there is no target', async () => {
    await using cluster = await startTestCluster();
    await autoscaler(cluster);
    await condition(cluster, 'AbleToScale', 'FailedGetScale');
    await deployment(cluster, 0);
    await cluster.clock.advance(15_000);
    await condition(cluster, 'ScalingActive', 'ScalingDisabled');
  });
});
