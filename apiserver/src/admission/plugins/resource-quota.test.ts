import { ConfigMaps, PersistentVolumeClaims, Pods, ResourceQuotas, Services } from '@coracle/apimachinery/resources';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import type { ResourceRef } from '@coracle/apimachinery/schema';
import type { Pod, ResourceQuota } from '@coracle/apimachinery/types/core-v1';
import { expect } from 'chai';
import type { AdmissionContext } from '../../options.ts';
import type { Writers } from '../../registry/readers.ts';
import type { AdmissionPlugin } from '../admission.ts';
import { testAdmissionContext, writeOf } from '../testing/index.ts';
import { resourceQuota } from './resource-quota.ts';

const quota = (hard: Record<string, string>, spec: object = {}, used?: Record<string, string>): ResourceQuota => ({
  metadata: { name: 'q', namespace: 'ns' },
  spec: { hard, ...spec },
  status: { hard, used: used ?? Object.fromEntries(Object.keys(hard).map((name) => [name, '0'])) },
});
const pod = (cpu?: string, spec: Partial<Pod['spec']> = {}): Pod => ({
  metadata: { name: 'p', namespace: 'ns' },
  spec: { containers: [{ name: 'c', ...(cpu && { resources: { requests: { cpu } } }) }], ...spec },
});

describe('ResourceQuota', () => {
  let context: ReturnType<typeof testAdmissionContext>;
  let plugin: AdmissionPlugin;

  /** Writers over the readers of the test, one turn of the event loop slow. */
  const slowWriters = (readers: typeof context.readers): Writers =>
    ({
      create: async () => undefined,
      delete: async () => {},
      async update<T extends KubernetesObject>(
        resource: ResourceRef,
        key: { namespace?: string; name: string },
        change: (copy: T) => T | undefined | Promise<T | undefined>,
      ) {
        const present = (await readers.get<T>(resource, key)) as T;
        await new Promise((resolve) => setImmediate(resolve));
        const changed = await change(present);
        if (changed !== undefined) readers.set(resource, changed);
        return changed;
      },
    }) as Writers;

  beforeEach(() => {
    const base = testAdmissionContext();
    context = { ...base, writers: slowWriters(base.readers) } as typeof base & AdmissionContext;
    plugin = resourceQuota(context);
  });

  const write = async (
    resource: ResourceRef,
    object: KubernetesObject,
    { old, fails = false, dryRun = false }: { old?: KubernetesObject; fails?: boolean; dryRun?: boolean } = {},
  ) => {
    const attributes = writeOf({ resource, object, dryRun, ...(old ? { old, operation: 'UPDATE' } : {}) });
    if (!plugin.handles?.(attributes)) return 'not counted';
    try {
      await plugin.validate?.(attributes);
    } catch (error) {
      await plugin.finished?.(attributes, false);
      return (error as Error).message;
    }
    await plugin.finished?.(attributes, !fails);
    return 'admitted';
  };
  const used = async () =>
    (await context.readers.get<ResourceQuota>(ResourceQuotas, { namespace: 'ns', name: 'q' }))?.status?.used;

  it('charges what is created, until it is too much', async () => {
    context.readers.set(ResourceQuotas, quota({ pods: '5', 'requests.cpu': '1' }));
    expect(await write(Pods, pod('600m'))).to.equal('admitted');
    expect(await used()).to.deep.equal({ pods: '1', 'requests.cpu': '600m' });
    expect(await write(Pods, pod('500m'))).to.equal(
      'pods "p" is forbidden: exceeded quota: q, requested: requests.cpu=500m, used: requests.cpu=600m, limited: requests.cpu=1',
    );
    expect(await used()).to.deep.equal({ pods: '1', 'requests.cpu': '600m' });
  });

  it('never lets writers at once share what is left for some', async () => {
    context.readers.set(ResourceQuotas, quota({ pods: '3' }));
    const results = await Promise.all(Array.from({ length: 10 }, () => write(Pods, pod())));
    expect(results.filter((result) => result === 'admitted')).to.have.length(3);
    expect(await used()).to.deep.equal({ pods: '3' });
  });

  it('gives back what was not stored, and takes nothing for a dry run', async () => {
    context.readers.set(ResourceQuotas, quota({ pods: '3' }));
    expect(await write(Pods, pod(), { fails: true })).to.equal('admitted');
    expect(await write(Pods, pod(), { dryRun: true })).to.equal('admitted');
    expect(await used()).to.deep.equal({ pods: '0' });
  });

  it('wants to know what a pod asks for where that is limited', async () => {
    context.readers.set(ResourceQuotas, quota({ 'limits.memory': '1Gi', 'requests.cpu': '1' }));
    expect(await write(Pods, pod())).to.equal(
      'pods "p" is forbidden: failed quota: q: must specify limits.memory for: c; requests.cpu for: c',
    );
  });

  it('waits for the quota controller to have counted', async () => {
    context.readers.set(ResourceQuotas, quota({ pods: '3' }, {}, {}));
    expect(await write(Pods, pod())).to.equal('pods "p" is forbidden: status unknown for quota: q, resources: pods');
  });

  const scopes: [string, object, Pod, boolean][] = [
    ['BestEffort', { scopes: ['BestEffort'] }, pod(), true],
    ['BestEffort', { scopes: ['BestEffort'] }, pod('1'), false],
    ['NotTerminating', { scopes: ['NotTerminating'] }, pod(undefined, { activeDeadlineSeconds: 5 }), false],
    ['Terminating', { scopes: ['Terminating'] }, pod(undefined, { activeDeadlineSeconds: 5 }), true],
    [
      'PriorityClass',
      { scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator: 'In', values: ['high'] }] } },
      pod(undefined, { priorityClassName: 'high' }),
      true,
    ],
    [
      'PriorityClass',
      { scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator: 'In', values: ['high'] }] } },
      pod(),
      false,
    ],
  ];
  for (const [name, spec, object, counted] of scopes) {
    it(`scope ${name} ${counted ? 'counts' : 'passes over'} ${JSON.stringify(object.spec)}`, async () => {
      context.readers.set(ResourceQuotas, quota({ pods: '3' }, spec));
      expect(await write(Pods, object)).to.equal('admitted');
      expect(await used()).to.deep.equal({ pods: counted ? '1' : '0' });
    });
  }

  it('counts objects of any kind, services by what they take, claims by class', async () => {
    context.readers.set(
      ResourceQuotas,
      quota({
        'count/configmaps': '5',
        configmaps: '5',
        'services.nodeports': '3',
        'requests.storage': '10Gi',
        'fast.storageclass.storage.k8s.io/requests.storage': '5Gi',
      }),
    );
    await write(ConfigMaps, { metadata: { name: 'c', namespace: 'ns' } });
    await write(Services, {
      metadata: { name: 's', namespace: 'ns' },
      spec: { type: 'NodePort', ports: [{ port: 1 }, { port: 2 }] },
    } as KubernetesObject);
    const claim = (storage: string) =>
      ({
        metadata: { name: 'v', namespace: 'ns' },
        spec: { storageClassName: 'fast', resources: { requests: { storage } } },
      }) as KubernetesObject;
    await write(PersistentVolumeClaims, claim('2Gi'));
    expect(await write(PersistentVolumeClaims, claim('3Gi'), { old: claim('2Gi') })).to.equal('admitted');
    expect(await used()).to.deep.equal({
      'count/configmaps': '1',
      configmaps: '1',
      'services.nodeports': '2',
      'requests.storage': '3Gi',
      'fast.storageclass.storage.k8s.io/requests.storage': '3Gi',
    });
    expect(
      await write(
        ConfigMaps,
        { metadata: { name: 'c', namespace: 'ns' } },
        { old: { metadata: { name: 'c', namespace: 'ns' } } },
      ),
    ).to.equal('not counted');
  });
});
