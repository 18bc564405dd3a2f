import { expect } from 'chai';
import { ConfigMaps, Deployments, Pods } from '@coracle/apimachinery/resources';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import type { ConfigMap, Pod } from '@coracle/apimachinery/types/core-v1';
import { startTestApiServer, type TestApiServer } from '../testing/index.ts';

const namespace = 'default';
const configMap = (name: string, more: Partial<ConfigMap> = {}): ConfigMap & KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  ...more,
  metadata: { name, namespace, ...more.metadata },
});
const deployment = (image: string): KubernetesObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace },
  ...{
    spec: {
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image }] } },
    },
  },
});

/** The reason and message of a refusal, `ok` where there was none. */
async function refusal(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'ok',
    (error: { reason?: string; message: string }) => `${error.reason}: ${error.message}`,
  );
}

describe('registry', () => {
  let api: TestApiServer;

  beforeEach(async () => {
    api = await startTestApiServer();
  });
  afterEach(() => api.stop());

  describe('create', () => {
    it('fills in what belongs to the system, whatever the client said', async () => {
      const body = configMap('a', {
        metadata: { uid: 'mine', creationTimestamp: '2001-01-01T00:00:00Z', deletionTimestamp: '2001-01-01T00:00:00Z' },
      });
      const { metadata } = await api.client.create(ConfigMaps, body);
      expect(metadata?.uid).to.match(/^[0-9a-f-]{36}$/);
      expect(metadata?.creationTimestamp).not.to.equal('2001-01-01T00:00:00Z');
      expect(metadata?.deletionTimestamp).to.equal(undefined);
      expect(metadata?.resourceVersion).to.match(/^\d+$/);
    });

    it('leaves the generation to kinds that count none', async () => {
      const { metadata } = await api.client.create(ConfigMaps, configMap('a', { metadata: { generation: 7 } }));
      expect(metadata?.generation).to.equal(7);
    });

    it('makes names from generateName, each its own', async () => {
      const names = new Set<string | undefined>();
      for (let count = 0; count < 5; count++) {
        const body = configMap('', { metadata: { generateName: 'g-' } });
        names.add((await api.client.create(ConfigMaps, body)).metadata?.name);
      }
      expect(names.size).to.equal(5);
      for (const name of names) expect(name).to.match(/^g-[a-z0-9]{5}$/);
    });

    const refusals = [
      { it: 'a taken name', body: configMap('taken'), says: 'AlreadyExists: configmaps "taken" already exists' },
      {
        it: 'a version',
        body: configMap('b', { metadata: { resourceVersion: '5' } }),
        says: 'BadRequest: resourceVersion should not be set on objects to be created',
      },
      {
        it: 'no name',
        body: configMap(''),
        says: 'Invalid: ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required',
      },
    ];
    for (const { it: name, body, says } of refusals) {
      it(`refuses ${name}`, async () => {
        await api.client.create(ConfigMaps, configMap('taken'));
        expect(await refusal(api.client.create(ConfigMaps, body))).to.equal(says);
      });
    }

    it('gives the version back that a dry run was sent', async () => {
      const body = configMap('a', { metadata: { resourceVersion: 'x' } });
      const tried = await api.client.create(ConfigMaps, body, { dryRun: true });
      expect(tried.metadata?.resourceVersion).to.equal('x');
    });

    it('stores nothing on a dry run, and still says what is wrong', async () => {
      await api.client.create(ConfigMaps, configMap('a'), { dryRun: true });
      expect(await refusal(api.client.get(ConfigMaps, { namespace, name: 'a' }))).to.contain('NotFound');
      await api.client.create(ConfigMaps, configMap('a'));
      expect(await refusal(api.client.create(ConfigMaps, configMap('a'), { dryRun: true }))).to.contain(
        'AlreadyExists',
      );
    });
  });

  describe('update', () => {
    it('refuses what was read before somebody else wrote', async () => {
      const first = await api.client.create(ConfigMaps, configMap('a'));
      await api.client.update(ConfigMaps, { ...first, data: { x: '1' } });
      expect(await refusal(api.client.update(ConfigMaps, { ...first, data: { x: '2' } }))).to.equal(
        'Conflict: Operation cannot be fulfilled on configmaps "a": the object has been modified; ' +
          'please apply your changes to the latest version and try again',
      );
    });

    it('refuses another object of the same name', async () => {
      const first = await api.client.create(ConfigMaps, configMap('a'));
      const other = configMap('a', { metadata: { ...first.metadata, uid: '00000000-0000-4000-8000-000000000000' } });
      expect(await refusal(api.client.update(ConfigMaps, other))).to.contain('Conflict');
    });

    it('writes nothing where nothing changed', async () => {
      const first = await api.client.create(ConfigMaps, configMap('a', { data: { x: '1' } }));
      const second = await api.client.update(ConfigMaps, configMap('a', { data: { x: '1' } }));
      expect(second.metadata?.resourceVersion).to.equal(first.metadata?.resourceVersion);
    });

    it('counts changes of the spec, and of nothing else', async () => {
      const created = await api.client.create(Deployments, deployment('one'));
      expect(created.metadata?.generation).to.equal(1);
      const key = { namespace, name: 'web' };
      const labelled = await api.client.patch(Deployments, key, {
        type: 'merge',
        body: { metadata: { labels: { a: 'b' } } },
      });
      expect(labelled.metadata?.generation).to.equal(1);
      const status = { type: 'merge', body: { status: { replicas: 1 }, spec: { replicas: 9 } } } as const;
      const reported = await api.client.patch(Deployments, key, status, { subresource: 'status' });
      expect(reported).to.deep.include({ status: { replicas: 1 } });
      expect(reported.metadata?.generation).to.equal(1);
      expect(reported.spec.replicas).to.equal(1);
      const scaled = await api.client.patch(Deployments, key, {
        type: 'merge',
        body: { spec: { replicas: 3 }, status: { replicas: 7 } },
      });
      expect(scaled.metadata?.generation).to.equal(2);
      expect(scaled.status?.replicas).to.equal(1);
    });

    it('lets writers of different fields through, however they race', async () => {
      await api.client.create(ConfigMaps, configMap('a'));
      const writers = Array.from({ length: 20 }, (_, index) =>
        api.client.patch(
          ConfigMaps,
          { namespace, name: 'a' },
          { type: 'merge', body: { data: { [`k${index}`]: 'v' } } },
        ),
      );
      await Promise.all(writers);
      const { data } = await api.client.get(ConfigMaps, { namespace, name: 'a' });
      expect(Object.keys(data ?? {})).to.have.length(20);
    });
  });

  describe('apply', () => {
    const apply = (data: Record<string, string>, fieldManager: string, force = false) =>
      api.client.patch(
        ConfigMaps,
        { namespace, name: 'a' },
        { type: 'apply', body: configMap('a', { data }), force },
        { fieldManager },
      );

    it('creates, then owns what it applied', async () => {
      await apply({ x: '1', y: '1' }, 'one');
      expect(await refusal(apply({ x: '2' }, 'two'))).to.equal(
        'Conflict: Apply failed with 1 conflict: conflict with "one": .data.x',
      );
      expect((await apply({ x: '2' }, 'two', true)).data).to.deep.equal({ x: '2', y: '1' });
      expect((await apply({}, 'one')).data).to.deep.equal({ x: '2' });
    });

    it('is not an update in the books', async () => {
      const { metadata } = await apply({ x: '1' }, 'one');
      expect(metadata?.managedFields?.map(({ manager, operation }) => `${manager} ${operation}`)).to.deep.equal([
        'one Apply',
      ]);
    });
  });

  describe('delete', () => {
    it('answers a Status and forgets the object', async () => {
      const { metadata } = await api.client.create(ConfigMaps, configMap('a'));
      const answer = await api.client.raw('DELETE', `/api/v1/namespaces/${namespace}/configmaps/a`);
      expect(answer).to.deep.include({ kind: 'Status', status: 'Success' });
      expect(answer).to.have.nested.property('details.uid', metadata?.uid);
      expect(await refusal(api.client.get(ConfigMaps, { namespace, name: 'a' }))).to.contain('NotFound');
    });

    it('waits for finalizers; the last one to go takes the object along', async () => {
      await api.client.create(ConfigMaps, configMap('a', { metadata: { finalizers: ['example.com/hold'] } }));
      const key = { namespace, name: 'a' };
      await api.client.delete(ConfigMaps, key);
      const held = await api.client.get(ConfigMaps, key);
      expect(held.metadata?.deletionTimestamp).to.be.a('string');
      expect(await refusal(api.client.create(ConfigMaps, configMap('a')))).to.contain('object is being deleted');
      const add = {
        type: 'merge',
        body: { metadata: { finalizers: ['example.com/hold', 'example.com/more'] } },
      } as const;
      expect(await refusal(api.client.patch(ConfigMaps, key, add))).to.contain('no new finalizers can be added');
      await api.client.patch(ConfigMaps, key, { type: 'merge', body: { metadata: { finalizers: null } } });
      expect(await refusal(api.client.get(ConfigMaps, key))).to.contain('NotFound');
    });

    const policies = [
      { policy: 'Foreground', finalizers: ['foregroundDeletion'] },
      { policy: 'Orphan', finalizers: ['orphan'] },
    ] as const;
    for (const { policy, finalizers } of policies) {
      it(`leaves ${policy} deletion to the garbage collector`, async () => {
        await api.client.create(ConfigMaps, configMap('a'));
        await api.client.delete(ConfigMaps, { namespace, name: 'a' }, { propagationPolicy: policy });
        const held = await api.client.get(ConfigMaps, { namespace, name: 'a' });
        expect(held.metadata?.finalizers).to.deep.equal(finalizers);
      });
    }

    it('holds to preconditions', async () => {
      await api.client.create(ConfigMaps, configMap('a'));
      const options = { preconditions: { uid: 'other' } };
      expect(await refusal(api.client.delete(ConfigMaps, { namespace, name: 'a' }, options))).to.contain('Conflict');
    });

    it('gives pods on a node their grace, and only ever less of it', async () => {
      const pod: Pod & KubernetesObject = {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'p', namespace },
        spec: { nodeName: 'n', containers: [{ name: 'c', image: 'i' }] },
      };
      await api.client.create(Pods, pod);
      const key = { namespace, name: 'p' };
      const grace = async () => (await api.client.get(Pods, key)).metadata?.deletionGracePeriodSeconds;
      await api.client.delete(Pods, key);
      expect(await grace()).to.equal(30);
      await api.client.delete(Pods, key, { gracePeriodSeconds: 60 });
      expect(await grace()).to.equal(30);
      await api.client.delete(Pods, key, { gracePeriodSeconds: 5 });
      expect(await grace()).to.equal(5);
      await api.client.delete(Pods, key, { gracePeriodSeconds: 0 });
      expect(await refusal(api.client.get(Pods, key))).to.contain('NotFound');
    });

    it('empties a collection by selector', async () => {
      for (const name of ['a', 'b', 'c']) {
        await api.client.create(ConfigMaps, configMap(name, { metadata: { labels: { keep: String(name === 'b') } } }));
      }
      await api.client.deleteCollection(ConfigMaps, { namespace, labelSelector: 'keep=false' });
      const { items } = await api.client.list(ConfigMaps, { namespace });
      expect(items.map(({ metadata }) => metadata?.name)).to.deep.equal(['b']);
    });
  });
});
