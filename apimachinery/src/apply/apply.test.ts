import { expect } from 'chai';
import fc from 'fast-check';
import { StatusError } from '../errors/index.ts';
import { deepCopy } from '../json/index.ts';
import type { KubernetesObject, ManagedFieldsEntry } from '../meta/index.ts';
import { builtinScheme } from '../scheme/index.ts';
import {
  applyConfiguration,
  differenceOf,
  emptySet,
  type FieldSet,
  intersectionOf,
  isSubset,
  type ManagedWrite,
  membersOf,
  pathText,
  sameSet,
  setOfPaths,
  unionOf,
  updateManagedFields,
  withoutTrees,
} from './index.ts';

const scheme = builtinScheme();
const deploymentSchema = scheme.schemaOf('io.k8s.api.apps.v1.Deployment');
const accountSchema = scheme.schemaOf('io.k8s.api.core.v1.ServiceAccount');
const serviceSchema = scheme.schemaOf('io.k8s.api.core.v1.Service');

interface Deployment extends KubernetesObject {
  spec?: Record<string, unknown>;
  status?: Record<string, unknown>;
}

const container = {
  name: 'web',
  image: 'nginx',
  imagePullPolicy: 'Always',
  terminationMessagePath: '/dev/termination-log',
};

function deployment(): Deployment {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'default', labels: { app: 'web' } },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: 'web' } },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: { containers: [container], securityContext: {}, restartPolicy: 'Always' },
      },
    },
  };
}

function write(manager: string, more: Partial<ManagedWrite> = {}): ManagedWrite {
  return { schema: deploymentSchema, manager, apiVersion: 'apps/v1', time: '2026-01-01T00:00:00Z', ...more };
}

function stored<T extends KubernetesObject>(object: T): T {
  object.metadata = { ...object.metadata, uid: 'u', resourceVersion: '1' };
  return object;
}

function created(manager = 'kubectl-create'): Deployment {
  const object = deployment();
  updateManagedFields(undefined, object, write(manager));
  return stored(object);
}

function apply(
  live: KubernetesObject | undefined,
  configuration: KubernetesObject,
  manager: string,
  force = false,
): Deployment {
  return applyConfiguration(live, configuration, { ...write(manager), kind: 'Deployment', force }) as Deployment;
}

function owned(object: KubernetesObject, manager: string, subresource = ''): string[] {
  const found = object.metadata?.managedFields?.find(
    (entry) => entry.manager === manager && (entry.subresource ?? '') === subresource,
  );
  return [...membersOf((found?.fieldsV1 ?? {}) as FieldSet)].map(pathText);
}

function configuration(
  spec: Record<string, unknown>,
  metadata: KubernetesObject['metadata'] = { name: 'web' },
): Deployment {
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec };
}

function failure(run: () => unknown): StatusError {
  try {
    run();
  } catch (error) {
    if (error instanceof StatusError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('managed fields of ordinary writes', () => {
  it('of a created object are what upstream records', () => {
    const [entry] = created().metadata?.managedFields ?? [];
    expect(JSON.stringify(entry)).to.equal(
      JSON.stringify({
        manager: 'kubectl-create',
        operation: 'Update',
        apiVersion: 'apps/v1',
        time: '2026-01-01T00:00:00Z',
        fieldsType: 'FieldsV1',
        fieldsV1: {
          'f:metadata': { 'f:labels': { '.': {}, 'f:app': {} } },
          'f:spec': {
            'f:replicas': {},
            'f:selector': {},
            'f:strategy': { 'f:rollingUpdate': { '.': {}, 'f:maxSurge': {} }, 'f:type': {} },
            'f:template': {
              'f:metadata': { 'f:labels': { '.': {}, 'f:app': {} } },
              'f:spec': {
                'f:containers': {
                  'k:{"name":"web"}': {
                    '.': {},
                    'f:image': {},
                    'f:imagePullPolicy': {},
                    'f:name': {},
                    'f:resources': {},
                    'f:terminationMessagePath': {},
                  },
                },
                'f:restartPolicy': {},
                'f:securityContext': {},
              },
            },
          },
        },
      }),
    );
  });

  it('move to whoever changes a field', () => {
    const live = created();
    const object = deepCopy(live);
    object.spec = { ...object.spec, replicas: 3 };
    updateManagedFields(live, object, write('kubectl-scale', { time: '2026-01-02T00:00:00Z' }));
    expect(owned(object, 'kubectl-scale')).to.deep.equal(['.spec.replicas']);
    expect(owned(object, 'kubectl-create')).not.to.include('.spec.replicas');
    expect(object.metadata?.managedFields?.map(({ time }) => time)).to.deep.equal([
      '2026-01-01T00:00:00Z',
      '2026-01-02T00:00:00Z',
    ]);
  });

  it('stay as they are when nothing changes', () => {
    const live = created();
    const object = deepCopy(live);
    updateManagedFields(live, object, write('other', { time: '2026-01-02T00:00:00Z' }));
    expect(object).to.deep.equal(live);
  });

  it('go with the fields', () => {
    const live = created();
    const object = deepCopy(live);
    delete object.metadata?.labels;
    updateManagedFields(live, object, write('other'));
    expect(object.metadata?.managedFields).to.have.length(1);
    expect(owned(object, 'kubectl-create')).not.to.include('.metadata.labels.app');
  });

  it('of status are an entry of their own', () => {
    const live = created();
    const object = deepCopy(live);
    object.status = { replicas: 1, conditions: [{ type: 'Available', status: 'True' }] };
    object.metadata = { ...object.metadata, managedFields: [] };
    const ignored = setOfPaths([['spec'], ['metadata', 'labels']]);
    updateManagedFields(live, object, write('manager', { subresource: 'status', ignored }));
    expect(object.metadata?.managedFields).to.have.length(2);
    expect(owned(object, 'manager', 'status')).to.deep.equal([
      '.status.conditions',
      '.status.conditions[type="Available"]',
      '.status.conditions[type="Available"].lastTransitionTime',
      '.status.conditions[type="Available"].lastUpdateTime',
      '.status.conditions[type="Available"].status',
      '.status.conditions[type="Available"].type',
      '.status.replicas',
    ]);
  });

  it('are reset by an empty list and kept where a client leaves them out', () => {
    const live = created();
    const reset = deepCopy(live);
    if (reset.metadata) reset.metadata.managedFields = [];
    updateManagedFields(live, reset, write('other'));
    expect(reset.metadata).not.to.have.property('managedFields');
    const silent = deepCopy(live);
    delete silent.metadata?.managedFields;
    updateManagedFields(live, silent, write('other'));
    expect(silent.metadata?.managedFields).to.deep.equal(live.metadata?.managedFields);
  });

  it('count once for each manager: the last of its entries', () => {
    const live = deployment();
    updateManagedFields(undefined, live, write('alice'));
    const [entry] = live.metadata?.managedFields ?? [];
    const sent = deepCopy(live);
    const replicas = { ...entry, fieldsV1: { 'f:spec': { 'f:replicas': {} } } };
    sent.metadata = { ...sent.metadata, uid: 'u', managedFields: [entry as ManagedFieldsEntry, replicas] };
    updateManagedFields(live, sent, write('bob'));
    expect(sent.metadata?.managedFields?.[0]?.fieldsV1).to.deep.equal({ 'f:spec': { 'f:replicas': {} } });
  });

  it('are left as they are where a list has an item without its key', () => {
    const account: KubernetesObject & { secrets: unknown } = { metadata: { name: 'a' }, secrets: [{ namespace: 'x' }] };
    updateManagedFields(undefined, account, write('alice', { schema: accountSchema, apiVersion: 'v1' }));
    expect(account.metadata).to.deep.equal({ name: 'a' });
  });

  it('never hold more than ten updaters', () => {
    let live = created('manager-00');
    for (let index = 1; index <= 14; index++) {
      const object = deepCopy(live);
      object.metadata = { ...object.metadata, labels: { ...object.metadata?.labels, [`l${index}`]: 'x' } };
      const time = `2026-01-02T00:00:${String(index).padStart(2, '0')}Z`;
      updateManagedFields(live, object, write(`manager-${String(index).padStart(2, '0')}`, { time }));
      live = object;
    }
    expect(live.metadata?.managedFields).to.have.length(10);
    expect(owned(live, 'ancient-changes')).to.include('.metadata.labels.l3').and.to.include('.spec.replicas');
  });

  it('of ports use the default of their keys', () => {
    const service = (ports: unknown[]): KubernetesObject =>
      ({ apiVersion: 'v1', kind: 'Service', spec: { ports } }) as KubernetesObject;
    const before = service([{ port: 80, protocol: 'TCP', name: 'a' }]);
    const after = service([{ port: 80, name: 'b' }]);
    const apiVersion = 'v1';
    updateManagedFields(undefined, before, write('a', { schema: serviceSchema, apiVersion }));
    stored(before);
    updateManagedFields(before, after, write('b', { schema: serviceSchema, apiVersion }));
    expect(owned(after, 'b')).to.deep.equal(['.spec.ports[port=80,protocol="TCP"].name']);
  });

  it('treat objects without a schema as maps all the way', () => {
    const object = { apiVersion: 'x.io/v1', kind: 'X', spec: { a: { b: [1, 2] } } } as KubernetesObject;
    updateManagedFields(undefined, object, { manager: 'a', apiVersion: 'x.io/v1', time: 't' });
    expect(object.metadata?.managedFields?.[0]?.fieldsV1).to.deep.equal({
      'f:spec': { '.': {}, 'f:a': { '.': {}, 'f:b': {} } },
    });
  });
});

describe('server-side apply', () => {
  const image = (value: string) => ({ template: { spec: { containers: [{ name: 'web', image: value }] } } });

  it('creates what it is given', () => {
    const object = apply(undefined, configuration({ replicas: 2 }), 'me');
    expect(object.spec).to.deep.equal({ replicas: 2 });
    expect(object.metadata?.managedFields?.[0]).to.deep.include({
      manager: 'me',
      operation: 'Apply',
      fieldsV1: { 'f:spec': { 'f:replicas': {} } },
    });
  });

  it('refuses to take fields from others, naming them', () => {
    const error = failure(() => apply(created(), configuration({ replicas: 2, ...image('httpd') }), 'me'));
    expect(error.reason).to.equal('Conflict');
    expect(error.message).to.equal(
      'Apply failed with 2 conflicts: conflicts with "kubectl-create" using apps/v1:\n- .spec.replicas\n' +
        '- .spec.template.spec.containers[name="web"].image',
    );
    expect(error.status.details?.causes?.[0]).to.deep.equal({
      reason: 'FieldManagerConflict',
      message: 'conflict with "kubectl-create" using apps/v1',
      field: '.spec.replicas',
    });
    const single = failure(() => apply(created(), configuration({ replicas: 2 }), 'me'));
    expect(single.message).to.equal(
      'Apply failed with 1 conflict: conflict with "kubectl-create" using apps/v1: .spec.replicas',
    );
  });

  it('takes them when forced, and shares what is equal', () => {
    const object = apply(created(), configuration({ replicas: 2, ...image('nginx') }), 'me', true);
    expect(object.spec?.['replicas']).to.equal(2);
    expect(owned(object, 'kubectl-create')).not.to.include('.spec.replicas');
    const path = '.spec.template.spec.containers[name="web"].image';
    expect(owned(object, 'kubectl-create')).to.include(path);
    expect(owned(object, 'me')).to.include(path);
  });

  it('removes what it does not apply any more, but not what others own', () => {
    let live = stored(
      apply(
        undefined,
        configuration({ replicas: 2, paused: true, ...image('a') }, { name: 'web', labels: { a: '1', b: '2' } }),
        'me',
      ),
    );
    live = stored(apply(live, configuration({ paused: true }), 'other'));
    const object = apply(live, configuration({ ...image('a') }, { name: 'web', labels: { b: '2' } }), 'me');
    expect(object.spec).to.deep.equal({ paused: true, ...image('a') });
    expect(object.metadata?.labels).to.deep.equal({ b: '2' });
  });

  it('removes items of lists with their unowned fields', () => {
    const both = {
      template: {
        spec: {
          containers: [
            { name: 'a', image: 'x' },
            { name: 'b', image: 'y' },
          ],
        },
      },
    };
    const live = stored(apply(undefined, configuration(both), 'me'));
    const containers = ((live.spec!['template'] as typeof both.template).spec.containers ?? []) as Record<
      string,
      unknown
    >[];
    (containers[0] as Record<string, unknown>)['imagePullPolicy'] = 'Always';
    const one = { template: { spec: { containers: [{ name: 'b', image: 'y' }] } } };
    expect(apply(live, configuration(one), 'me').spec).to.deep.equal(one);
  });

  it('orders items as the configuration does, keeping those of others in place', () => {
    const items = (...names: string[]) => ({ template: { spec: { containers: names.map((name) => ({ name })) } } });
    const live = stored(apply(undefined, configuration(items('a', 'x', 'b')), 'other'));
    const object = apply(live, configuration(items('n', 'b', 'a')), 'me');
    expect(object.spec).to.deep.equal(items('x', 'n', 'b', 'a'));
  });

  it('changes nothing when it is repeated', () => {
    const first = stored(apply(created(), configuration({ replicas: 1, ...image('nginx') }), 'me'));
    const again = applyConfiguration(first, configuration({ replicas: 1, ...image('nginx') }), {
      ...write('me', { time: '2027-01-01T00:00:00Z' }),
      kind: 'Deployment',
      force: false,
    });
    expect(again).to.deep.equal(first);
  });

  it('gives what was there before the first apply an owner of its own', () => {
    const untracked = stored(deployment());
    const object = apply(untracked, configuration({ paused: true }), 'me');
    expect(owned(object, 'before-first-apply')).to.include('.spec.replicas');
    expect(owned(object, 'me')).to.deep.equal(['.spec.paused']);
  });

  it('by kubectl takes over from client-side apply', () => {
    const lastApplied = JSON.stringify(configuration({ replicas: 1 }, { name: 'web', annotations: {} }));
    const live = deployment();
    live.metadata = {
      ...live.metadata,
      annotations: { 'kubectl.kubernetes.io/last-applied-configuration': lastApplied },
    };
    updateManagedFields(undefined, live, write('kubectl-client-side-apply'));
    stored(live);
    const object = apply(live, configuration({ replicas: 4 }), 'kubectl');
    expect(object.spec?.['replicas']).to.equal(4);
    expect(object.metadata?.annotations?.['kubectl.kubernetes.io/last-applied-configuration']).to.contain(
      '"replicas":4',
    );
    expect(failure(() => apply(live, configuration({ paused: true, ...image('z') }), 'kubectl')).message).to.contain(
      '1 conflict',
    );
  });

  const refused: [string, KubernetesObject, string][] = [
    ['another kind', { apiVersion: 'apps/v1', kind: 'StatefulSet' }, 'invalid object type: apps/v1, Kind=StatefulSet'],
    ['managed fields', configuration({}, { name: 'web', managedFields: [] }), 'metadata.managedFields must be nil'],
    [
      'unknown fields',
      configuration({ replica: 1 }, { name: 'web', namespace: 'ns' }),
      'failed to create typed patch object (ns/web; apps/v1, Kind=Deployment): .spec.replica: field not declared in schema',
    ],
    [
      'items twice',
      configuration({ template: { spec: { containers: [{ name: 'a' }, { name: 'a' }] } } }),
      'failed to create typed patch object (/web; apps/v1, Kind=Deployment): ' +
        '.spec.template.spec.containers: duplicate entries for key [name="a"]',
    ],
    [
      'wrong types',
      configuration({ replicas: 'x' }),
      'failed to create typed patch object (/web; apps/v1, Kind=Deployment): .spec.replicas: expected numeric (int or float), got string',
    ],
  ];
  for (const [name, patch, message] of refused) {
    it(`refuses ${name}`, () => {
      const error = failure(() => apply(undefined, patch, 'me'));
      expect(error.message).to.equal(message);
      expect(error.code).to.equal(message.startsWith('failed to create typed') ? 500 : 400);
    });
  }

  it('drops entries of versions that are not served and converts others', () => {
    const live = created();
    const foreign = {
      ...(live.metadata?.managedFields?.[0] as ManagedFieldsEntry),
      apiVersion: 'apps/v1beta1',
      manager: 'old',
    };
    live.metadata?.managedFields?.push(foreign);
    const object = deepCopy(live);
    object.spec = { ...object.spec, paused: true };
    updateManagedFields(live, object, write('x', { toVersion: () => undefined }));
    expect(object.metadata?.managedFields?.map(({ manager }) => manager)).to.deep.equal(['kubectl-create', 'x']);
  });

  const word = fc.constantFrom('a', 'b', 'c');
  const items = fc.uniqueArray(
    fc.record(
      {
        name: word,
        image: word,
        env: fc.uniqueArray(fc.record({ name: word, value: word }), { selector: ({ name }) => name }),
      },
      { requiredKeys: ['name'] },
    ),
    { selector: ({ name }) => name },
  );
  const specs = fc.record(
    {
      replicas: fc.integer({ min: 0, max: 3 }),
      paused: fc.boolean(),
      template: fc.record({
        spec: fc.record({ containers: items, nodeSelector: fc.dictionary(word, word) }, { requiredKeys: [] }),
      }),
    },
    { requiredKeys: [] },
  );
  const labels = fc.dictionary(word, word);
  const configurations = fc
    .tuple(specs, labels)
    .map(([spec, values]) => configuration(spec, { name: 'web', labels: values }));

  it('obeys its laws whatever is applied in whatever order', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom('m1', 'm2'), configurations), { minLength: 1, maxLength: 5 }),
        (steps) => {
          let live: Deployment | undefined;
          for (const [manager, patch] of steps) {
            const frozen = JSON.stringify([live, patch]);
            const next: Deployment = apply(live, patch, manager, true);
            expect(JSON.stringify([live, patch])).to.equal(frozen);
            const again: Deployment = apply(next, patch, manager, true);
            expect(compact([again.spec, again.metadata?.labels])).to.deep.equal(
              compact([next.spec, next.metadata?.labels]),
            );
            expect(contains(next, patch)).to.equal(true);
            live = next;
          }
          const gone = apply(live, configuration({}), 'm1', true);
          const alone = steps.filter(([manager]) => manager === 'm2');
          if (alone.length === 0) expect(compact(gone.spec)).to.equal(undefined);
        },
      ),
      { numRuns: 500 },
    );
  });
});

/** The value without empty objects and lists: an empty struct and none are the same to Go. */
function compact(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value)
    .map(([key, item]) => [key, compact(item)])
    .filter(([, item]) => item !== undefined);
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/** Whether every leaf of the configuration is in the object. */
function contains(object: unknown, configured: unknown): boolean {
  if (Array.isArray(configured)) {
    return configured.every((item: { name: string }) =>
      (object as { name: string }[]).some((other) => other.name === item.name && contains(other, item)),
    );
  }
  if (typeof configured !== 'object' || configured === null) return object === configured;
  return Object.entries(configured).every(([key, value]) => {
    const other = (object as Record<string, unknown> | undefined)?.[key];
    if (typeof value === 'object' && Object.keys(value as object).length === 0) return true;
    return contains(other, value);
  });
}

describe('field sets', () => {
  const node: fc.Memo<FieldSet> = fc.memo((depth) =>
    depth <= 1
      ? fc.constant(emptySet)
      : fc
          .tuple(fc.boolean(), fc.dictionary(fc.constantFrom('f:a', 'f:b', 'k:{"n":1}', 'v:2'), node(depth - 1)))
          .map(([member, children]) =>
            Object.keys(children).length === 0
              ? emptySet
              : ((member ? { '.': emptySet, ...children } : children) as FieldSet),
          ),
  );
  const set = node(4);
  const texts = (value: FieldSet) => new Set([...membersOf(value)].map((path) => path.join('|')));

  it('combine as sets of paths do', () => {
    fc.assert(
      fc.property(set, set, (a, b) => {
        const left = texts(a);
        const right = texts(b);
        expect(texts(unionOf(a, b))).to.deep.equal(left.union(right));
        expect(texts(intersectionOf(a, b))).to.deep.equal(left.intersection(right));
        expect(texts(differenceOf(a, b))).to.deep.equal(left.difference(right));
        const below = [...left].filter(
          (path) => ![...right].some((other) => path === other || path.startsWith(`${other}|`)),
        );
        expect(texts(withoutTrees(a, b))).to.deep.equal(new Set(below));
        expect(isSubset(a, b)).to.equal(left.isSubsetOf(right));
        expect(sameSet(unionOf(a, b), unionOf(b, a))).to.equal(true);
      }),
      { numRuns: 1000 },
    );
  });
});
