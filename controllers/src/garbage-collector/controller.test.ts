import { expect } from 'chai';
import type { KubernetesObject, OwnerReference } from '@coracle/apimachinery/meta';
import {
  ConfigMaps,
  CustomResourceDefinitions,
  Deployments,
  Namespaces,
  Pods,
  ReplicaSets,
} from '@coracle/apimachinery/resources';
import type { ResourceRef } from '@coracle/apimachinery/schema';
import type { ConfigMap } from '@coracle/apimachinery/types/core-v1';
import { namespace, startTestCluster, type TestCluster, testSigning } from '../testing/index.ts';

const owner = (object: KubernetesObject, more: Partial<OwnerReference> = {}): OwnerReference => ({
  apiVersion: object.apiVersion ?? 'v1',
  kind: object.kind ?? 'ConfigMap',
  name: object.metadata?.name ?? '',
  uid: object.metadata?.uid ?? '',
  ...more,
});
const map = (cluster: TestCluster, name: string, ownerReferences: OwnerReference[] = []): Promise<ConfigMap> =>
  cluster.create(ConfigMaps, { metadata: { name, ownerReferences } });
const gone = (cluster: TestCluster, ...names: string[]) =>
  cluster.until(`${names.join()} gone`, async () =>
    (await Promise.all(names.map((name) => cluster.get(ConfigMaps, name)))).every((found) => !found),
  );

describe('garbage collector', () => {
  it('deletes what has lost its last owner, down the chain', async () => {
    await using cluster = await startTestCluster();
    const top = await map(cluster, 'top');
    const middle = await map(cluster, 'middle', [owner(top)]);
    await map(cluster, 'bottom', [owner(middle)]);
    await map(cluster, 'free');
    await cluster.client.delete(ConfigMaps, { namespace, name: 'top' });
    await gone(cluster, 'middle', 'bottom');
    expect(await cluster.get(ConfigMaps, 'free')).not.to.equal(undefined);
  });

  it('keeps an object while one owner lives, and forgets those that do not', async () => {
    await using cluster = await startTestCluster();
    const [one, two] = [await map(cluster, 'one'), await map(cluster, 'two')];
    await map(cluster, 'child', [owner(one), owner(two)]);
    await cluster.client.delete(ConfigMaps, { namespace, name: 'one' });
    await cluster.until(
      'a single reference',
      async () => (await cluster.get(ConfigMaps, 'child'))?.metadata?.ownerReferences?.length === 1,
    );
  });

  it('deletes an object whose owner never was, or is another of the name', async () => {
    await using cluster = await startTestCluster();
    const other = await map(cluster, 'owner');
    await map(cluster, 'stray', [owner(other, { name: 'nobody', uid: 'never' })]);
    await map(cluster, 'mistaken', [owner(other, { uid: 'an-earlier-life' })]);
    await gone(cluster, 'stray', 'mistaken');
  });

  it('orphans the dependents when asked to', async () => {
    await using cluster = await startTestCluster();
    const parent = await map(cluster, 'parent');
    await map(cluster, 'child', [owner(parent)]);
    await cluster.clock.advance(100);
    await cluster.client.delete(ConfigMaps, { namespace, name: 'parent' }, { propagationPolicy: 'Orphan' });
    await gone(cluster, 'parent');
    await cluster.clock.advance(1000);
    expect((await cluster.get(ConfigMaps, 'child'))?.metadata).not.to.have.property('ownerReferences');
  });

  it('deletes blocking dependents first in the foreground', async () => {
    await using cluster = await startTestCluster();
    const parent = await map(cluster, 'parent');
    const child = await map(cluster, 'child', [owner(parent, { blockOwnerDeletion: true })]);
    const { name = '' } = child.metadata ?? {};
    await cluster.client.patch(
      ConfigMaps,
      { namespace, name },
      { type: 'merge', body: { metadata: { finalizers: ['test/wait'] } } },
    );
    await cluster.client.delete(ConfigMaps, { namespace, name: 'parent' }, { propagationPolicy: 'Foreground' });
    await cluster.until(
      'the child on its way',
      async () => (await cluster.get(ConfigMaps, 'child'))?.metadata?.deletionTimestamp,
    );
    await cluster.clock.advance(1000);
    expect((await cluster.get(ConfigMaps, 'parent'))?.metadata?.finalizers).to.deep.equal(['foregroundDeletion']);
    await cluster.client.patch(
      ConfigMaps,
      { namespace, name },
      { type: 'merge', body: { metadata: { finalizers: null } } },
    );
    await gone(cluster, 'parent', 'child');
  });

  it('is not stopped by a circle of owners', async () => {
    await using cluster = await startTestCluster();
    const names = ['a', 'b', 'c'];
    const maps = await Promise.all(names.map((name) => map(cluster, name)));
    for (const [index, name] of names.entries()) {
      const reference = owner(maps[(index + 1) % 3] as ConfigMap, { blockOwnerDeletion: true });
      await cluster.client.patch(
        ConfigMaps,
        { namespace, name },
        { type: 'merge', body: { metadata: { ownerReferences: [reference] } } },
      );
    }
    await cluster.clock.advance(100);
    await cluster.client.delete(ConfigMaps, { namespace, name: 'a' }, { propagationPolicy: 'Foreground' });
    await gone(cluster, ...names);
  });

  it('collects custom resources from the moment they are served', async () => {
    await using cluster = await startTestCluster();
    const things: ResourceRef = {
      group: 'test.dev',
      version: 'v1',
      resource: 'things',
      kind: 'Thing',
      namespaced: true,
    };
    const schema = { openAPIV3Schema: { type: 'object' } };
    await cluster.create(CustomResourceDefinitions, {
      metadata: { name: 'things.test.dev' },
      spec: {
        group: 'test.dev',
        scope: 'Namespaced',
        names: { plural: 'things', singular: 'thing', kind: 'Thing', listKind: 'ThingList' },
        versions: [{ name: 'v1', served: true, storage: true, schema }],
      },
    });
    await cluster.clock.advance(1000);
    const parent = await cluster.create<KubernetesObject>(things, { metadata: { name: 'parent' } });
    await cluster.create(things, { metadata: { name: 'child', ownerReferences: [owner(parent)] } });
    await map(cluster, 'built-in-child', [owner(parent)]);
    await cluster.clock.advance(1000);
    await cluster.client.delete(things, { namespace, name: 'parent' });
    await gone(cluster, 'built-in-child');
    await cluster.until('the custom child gone', async () => !(await cluster.get(things, 'child')));
  });

  it('takes a Deployment with its sets and pods', async () => {
    await using cluster = await startTestCluster();
    const template = { metadata: { labels: { app: 'x' } }, spec: { containers: [{ name: 'main', image: 'image' }] } };
    await cluster.create(Deployments, {
      metadata: { name: 'x' },
      spec: { replicas: 2, selector: { matchLabels: { app: 'x' } }, template },
    });
    await cluster.until('two pods', async () => (await cluster.list(Pods)).length === 2);
    await cluster.client.delete(Deployments, { namespace, name: 'x' }, { propagationPolicy: 'Background' });
    await cluster.until(
      'nothing left',
      async () => (await cluster.list(Pods)).length + (await cluster.list(ReplicaSets)).length === 0,
    );
  });
});

describe('namespace controller', () => {
  it('empties a namespace, pods first, and lets it go', async () => {
    await using cluster = await startTestCluster();
    await map(cluster, 'kept');
    const spec = { containers: [{ name: 'main', image: 'image' }] };
    await cluster.create(Pods, { metadata: { name: 'held', finalizers: ['test/wait'] }, spec });
    await cluster.client.delete(Namespaces, { name: namespace });
    const condition = await cluster.until('the conditions', async () =>
      (await cluster.get(Namespaces, namespace))?.status?.conditions?.find(
        ({ type }) => type === 'NamespaceDeletionContentFailure',
      ),
    );
    expect(condition).to.include({ status: 'False', reason: 'ContentDeleted' });
    await cluster.clock.advance(60_000);
    expect(await cluster.get(ConfigMaps, 'kept')).not.to.equal(undefined);
    expect((await cluster.get(Namespaces, namespace))?.status?.phase).to.equal('Terminating');
    await cluster.client.patch(
      Pods,
      { namespace, name: 'held' },
      { type: 'merge', body: { metadata: { finalizers: null } } },
    );
    await cluster.until('the namespace gone', async () => !(await cluster.get(Namespaces, namespace)));
    expect(await cluster.get(ConfigMaps, 'kept')).to.equal(undefined);
  });

  it('gives new namespaces a service account and the root certificates, and brings them back', async () => {
    await using cluster = await startTestCluster();
    await cluster.until('the config map', () => cluster.get(ConfigMaps, 'kube-root-ca.crt'));
    await cluster.client.delete(ConfigMaps, { namespace, name: 'kube-root-ca.crt' });
    const back = await cluster.until('the config map again', () => cluster.get(ConfigMaps, 'kube-root-ca.crt'));
    expect(back.data).to.deep.equal({ 'ca.crt': testSigning.rootCaPem });
    await cluster.client.patch(
      ConfigMaps,
      { namespace, name: 'kube-root-ca.crt' },
      { type: 'merge', body: { data: { 'ca.crt': 'other' } } },
    );
    await cluster.until(
      'the right certificates',
      async () => (await cluster.get(ConfigMaps, 'kube-root-ca.crt'))?.data?.['ca.crt'] === testSigning.rootCaPem,
    );
  });
});
