import { expect } from 'chai';
import { ConfigMaps, Deployments, PodDisruptionBudgets, Pods, ResourceQuotas } from '@coracle/apimachinery/resources';
import { namespace, startTestCluster } from '../testing/index.ts';

const container = {
  name: 'main',
  image: 'image',
  resources: { requests: { cpu: '500m', memory: '1Gi' }, limits: { cpu: '1' } },
};

describe('resource quota controller', () => {
  it('counts what there is and takes back what goes', async () => {
    await using cluster = await startTestCluster();
    await cluster.create(ConfigMaps, { metadata: { name: 'before' } });
    const hard = {
      pods: '5',
      'requests.cpu': '2',
      'limits.cpu': '4',
      'requests.memory': '4Gi',
      configmaps: '10',
      'count/configmaps': '10',
      services: '2',
    };
    await cluster.create(ResourceQuotas, { metadata: { name: 'quota' }, spec: { hard } });
    const used = (what: string, check: (used: Record<string, string>) => boolean) =>
      cluster.until(what, async () => {
        const found = (await cluster.get(ResourceQuotas, 'quota'))?.status?.used;
        return found && check(found) && found;
      });
    await used('the first count', ({ configmaps }) => configmaps === '2');
    await cluster.create(Pods, { metadata: { name: 'one' }, spec: { containers: [container] } });
    const now = await used('the pod counted', ({ pods }) => pods === '1');
    expect(now).to.deep.equal({
      pods: '1',
      'requests.cpu': '500m',
      'limits.cpu': '1',
      'requests.memory': '1Gi',
      configmaps: '2',
      'count/configmaps': '2',
      services: '0',
    });
    const other = { status: { hard: { pods: '99' } } };
    await cluster.client.patch(
      ResourceQuotas,
      { namespace, name: 'quota' },
      { type: 'merge', body: other },
      { subresource: 'status' },
    );
    await cluster.until(
      'the limits of the spec',
      async () => (await cluster.get(ResourceQuotas, 'quota'))?.status?.hard?.['pods'] === '5',
    );
    await cluster.client.delete(Pods, { namespace, name: 'one' });
    await used('it taken back', ({ pods, 'requests.cpu': cpu }) => pods === '0' && cpu === '0');
  });

  it('counts only the pods of its scopes', async () => {
    await using cluster = await startTestCluster();
    await cluster.create(ResourceQuotas, {
      metadata: { name: 'best' },
      spec: { hard: { pods: '5' }, scopes: ['BestEffort'] },
    });
    await cluster.create(ResourceQuotas, {
      metadata: { name: 'other' },
      spec: { hard: { pods: '5' }, scopes: ['NotBestEffort'] },
    });
    await cluster.create(Pods, { metadata: { name: 'one' }, spec: { containers: [container] } });
    const used = async (name: string) => (await cluster.get(ResourceQuotas, name))?.status?.used?.['pods'];
    await cluster.until('the counts', async () => (await used('best')) === '0' && (await used('other')) === '1');
  });
});

describe('disruption controller', () => {
  const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [container] } };

  it('says how many pods may be disrupted', async () => {
    await using cluster = await startTestCluster({
      kubelet: ({ metadata }) => (metadata?.annotations?.['sick'] ? 'running' : 'ready'),
    });
    await cluster.create(Deployments, {
      metadata: { name: 'web' },
      spec: { replicas: 4, selector: { matchLabels: { app: 'web' } }, template },
    });
    await cluster.create(PodDisruptionBudgets, {
      metadata: { name: 'web' },
      spec: { maxUnavailable: '25%', selector: { matchLabels: { app: 'web' } } },
    });
    const status = await cluster.until('one allowed', async () => {
      const found = (await cluster.get(PodDisruptionBudgets, 'web'))?.status;
      return found?.disruptionsAllowed === 1 && found;
    });
    expect(status).to.include({ currentHealthy: 4, desiredHealthy: 3, expectedPods: 4, observedGeneration: 1 });
    expect(status.conditions?.[0]).to.include({ type: 'DisruptionAllowed', status: 'True', reason: 'SufficientPods' });
    const [pod] = await cluster.list(Pods);
    const key = { namespace, name: pod?.metadata?.name ?? '' };
    await cluster.client.patch(Pods, key, { type: 'merge', body: { metadata: { annotations: { sick: 'yes' } } } });
    await cluster.until('none allowed', async () => {
      const found = (await cluster.get(PodDisruptionBudgets, 'web'))?.status;
      return found?.currentHealthy === 3 && found.disruptionsAllowed === 0;
    });
  });

  it('counts pods without a controller only against a number', async () => {
    await using cluster = await startTestCluster();
    await cluster.create(Pods, { metadata: { name: 'one', labels: { app: 'web' } }, spec: template.spec });
    await cluster.create(PodDisruptionBudgets, {
      metadata: { name: 'web' },
      spec: { minAvailable: 1, selector: { matchLabels: { app: 'web' } } },
    });
    await cluster.until('the count', async () => {
      const found = (await cluster.get(PodDisruptionBudgets, 'web'))?.status;
      return found?.currentHealthy === 1 && found.disruptionsAllowed === 0;
    });
  });
});
