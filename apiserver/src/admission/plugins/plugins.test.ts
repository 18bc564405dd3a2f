import {
  ClusterTrustBundles,
  LimitRanges,
  Namespaces,
  Nodes,
  PersistentVolumeClaims,
  PodCertificateRequests,
  Pods,
  PriorityClasses,
  RuntimeClasses,
  ServiceAccounts,
  StorageClasses,
} from '@coracle/apimachinery/resources';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import type { Container, PersistentVolumeClaim, Pod } from '@coracle/apimachinery/types/core-v1';
import { expect } from 'chai';
import { runAdmission, testAdmissionContext, type TestWrite } from '../testing/index.ts';
import type { Authorizer } from '../../auth/authorizer.ts';
import { clusterTrustBundleAttest } from './certificates.ts';
import { defaultStorageClass } from './default-class.ts';
import { defaultTolerationSeconds } from './default-toleration-seconds.ts';
import { limitRanger } from './limit-ranger.ts';
import { namespaceLifecycle } from './namespace-lifecycle.ts';
import { nodeRestriction } from './node-restriction.ts';
import { priority } from './priority.ts';
import { runtimeClass } from './runtime-class.ts';
import { serviceAccount } from './service-account.ts';
import { taintNodesByCondition } from './taint-nodes-by-condition.ts';

const pod = (spec: Partial<Pod['spec']> = {}, metadata: Pod['metadata'] = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', namespace: 'ns', ...metadata },
  spec: { containers: [{ name: 'c' }], ...spec },
});
const refusalOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'admitted',
    (error: Error) => error.message,
  );

describe('admission plug-ins', () => {
  let context: ReturnType<typeof testAdmissionContext>;
  beforeEach(() => {
    context = testAdmissionContext();
  });

  describe('NamespaceLifecycle', () => {
    const create = (object: KubernetesObject = pod()) =>
      runAdmission(namespaceLifecycle(context), { resource: Pods, object });

    it('needs a namespace that is there and stays', async () => {
      expect(await refusalOf(create())).to.equal('namespaces "ns" not found');
      context.readers.set(Namespaces, { metadata: { name: 'ns' } });
      expect(await refusalOf(create())).to.equal('admitted');
      context.readers.set(Namespaces, {
        metadata: { name: 'ns' },
        status: { phase: 'Terminating' },
      } as KubernetesObject);
      expect(await refusalOf(create())).to.equal(
        'pods "p" is forbidden: unable to create new content in namespace ns because it is being terminated',
      );
    });

    it('keeps the namespaces that every cluster has', async () => {
      const remove = (name: string) =>
        runAdmission(namespaceLifecycle(context), {
          resource: Namespaces,
          operation: 'DELETE',
          old: { metadata: { name } },
        });
      expect(await refusalOf(remove('kube-system'))).to.equal(
        'namespaces "kube-system" is forbidden: this namespace may not be deleted',
      );
      expect(await refusalOf(remove('ns'))).to.equal('admitted');
    });
  });

  describe('ServiceAccount', () => {
    const create = async (object: Pod) =>
      (await runAdmission(serviceAccount(context), { resource: Pods, object })) as Pod;

    it('gives a pod the default account, its pull secrets and a token in every container', async () => {
      context.readers.set(ServiceAccounts, {
        metadata: { name: 'default', namespace: 'ns' },
        imagePullSecrets: [{ name: 'pull' }],
      } as KubernetesObject);
      const { spec } = await create(pod({ initContainers: [{ name: 'i' }] }));
      const volume = spec?.volumes?.[0]?.name;
      expect(volume).to.match(/^kube-api-access-.{5}$/);
      const mount = { name: volume, readOnly: true, mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' };
      expect(spec).to.deep.include({
        serviceAccountName: 'default',
        serviceAccount: 'default',
        imagePullSecrets: [{ name: 'pull' }],
      });
      expect(spec?.containers[0]?.volumeMounts).to.deep.equal([mount]);
      expect(spec?.initContainers?.[0]?.volumeMounts).to.deep.equal([mount]);
      expect(spec?.volumes?.[0]?.projected?.sources).to.have.length(3);
    });

    it('mounts nothing where pod or account do not want it, or something is there', async () => {
      context.readers.set(ServiceAccounts, {
        metadata: { name: 'default', namespace: 'ns' },
        automountServiceAccountToken: false,
      } as KubernetesObject);
      expect((await create(pod())).spec?.volumes).to.equal(undefined);
      expect((await create(pod({ automountServiceAccountToken: true }))).spec?.volumes).to.have.length(1);
      const own = {
        name: 'c',
        volumeMounts: [{ name: 'x', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' }],
      };
      expect((await create(pod({ automountServiceAccountToken: true, containers: [own] }))).spec?.volumes).to.equal(
        undefined,
      );
    });

    it('refuses an account that does not exist', async () => {
      expect(await refusalOf(create(pod({ serviceAccountName: 'x' })))).to.equal(
        'pods "p" is forbidden: error looking up service account ns/x: serviceaccount "x" not found',
      );
    });
  });

  describe('Priority', () => {
    const create = async (object: Pod) => (await runAdmission(priority(context), { resource: Pods, object })) as Pod;

    it('resolves the class, or the default one, or zero', async () => {
      expect((await create(pod())).spec).to.deep.include({ priority: 0, preemptionPolicy: 'PreemptLowerPriority' });
      context.readers.set(PriorityClasses, {
        metadata: { name: 'high' },
        value: 7,
        preemptionPolicy: 'Never',
      } as KubernetesObject);
      expect((await create(pod({ priorityClassName: 'high' }))).spec).to.deep.include({
        priority: 7,
        preemptionPolicy: 'Never',
      });
      context.readers.set(PriorityClasses, {
        metadata: { name: 'usual' },
        value: 3,
        globalDefault: true,
      } as KubernetesObject);
      expect((await create(pod())).spec).to.deep.include({ priority: 3, priorityClassName: 'usual' });
    });

    it('refuses unknown classes and numbers that do not fit', async () => {
      expect(await refusalOf(create(pod({ priorityClassName: 'x' })))).to.equal(
        'pods "p" is forbidden: no PriorityClass with name x was found',
      );
      expect(await refusalOf(create(pod({ priority: 5 })))).to.match(
        /the integer value of priority \(5\) must not be provided/,
      );
    });
  });

  it('DefaultTolerationSeconds adds what is missing only', async () => {
    const own = { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 1 };
    const { spec } = (await runAdmission(defaultTolerationSeconds, {
      resource: Pods,
      object: pod({ tolerations: [own] }),
    })) as Pod;
    expect(spec?.tolerations).to.deep.equal([
      own,
      { ...own, key: 'node.kubernetes.io/unreachable', tolerationSeconds: 300 },
    ]);
    const all = pod({ tolerations: [{ operator: 'Exists' }] });
    expect(
      ((await runAdmission(defaultTolerationSeconds, { resource: Pods, object: all })) as Pod).spec?.tolerations,
    ).to.have.length(1);
  });

  it('TaintNodesByCondition makes new nodes wait', async () => {
    const node = await runAdmission(taintNodesByCondition, { resource: Nodes, object: { metadata: { name: 'n' } } });
    expect(node).to.deep.include({ spec: { taints: [{ key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }] } });
  });

  it('DefaultStorageClass picks the newest default', async () => {
    const annotations = { 'storageclass.kubernetes.io/is-default-class': 'true' };
    context.readers.set(
      StorageClasses,
      { metadata: { name: 'old', annotations, creationTimestamp: '2026-01-01T00:00:00Z' } },
      { metadata: { name: 'new', annotations, creationTimestamp: '2026-02-01T00:00:00Z' } },
      { metadata: { name: 'other', creationTimestamp: '2026-03-01T00:00:00Z' } },
    );
    const create = async (spec: object) =>
      (await runAdmission(defaultStorageClass(context), {
        resource: PersistentVolumeClaims,
        object: { metadata: { name: 'c' }, spec } as KubernetesObject,
      })) as PersistentVolumeClaim;
    expect((await create({})).spec?.storageClassName).to.equal('new');
    expect((await create({ storageClassName: '' })).spec?.storageClassName).to.equal('');
  });

  it('RuntimeClass sets overhead and constraints', async () => {
    context.readers.set(RuntimeClasses, {
      metadata: { name: 'kata' },
      overhead: { podFixed: { cpu: '100m' } },
      scheduling: { nodeSelector: { kata: 'yes' }, tolerations: [{ key: 'kata', operator: 'Exists' }] },
    } as KubernetesObject);
    const create = async (spec: object) =>
      (await runAdmission(runtimeClass(context), { resource: Pods, object: pod(spec) })) as Pod;
    expect((await create({ runtimeClassName: 'kata' })).spec).to.deep.include({
      overhead: { cpu: '100m' },
      nodeSelector: { kata: 'yes' },
      tolerations: [{ key: 'kata', operator: 'Exists' }],
    });
    expect(await refusalOf(create({ runtimeClassName: 'x' }))).to.equal(
      'pods "p" is forbidden: pod rejected: RuntimeClass "x" not found',
    );
    expect(await refusalOf(create({ runtimeClassName: 'kata', nodeSelector: { kata: 'no' } }))).to.match(/conflict/);
  });

  describe('LimitRanger', () => {
    const limit = (item: object) =>
      context.readers.set(LimitRanges, {
        metadata: { name: 'l', namespace: 'ns' },
        spec: { limits: [item] },
      } as KubernetesObject);
    const create = async (resources?: Container['resources']) =>
      (await runAdmission(limitRanger(context), {
        resource: Pods,
        object: pod({ containers: [{ name: 'c', ...(resources && { resources }) }] }),
      })) as Pod;

    it('fills in defaults and says so', async () => {
      limit({ type: 'Container', default: { cpu: '500m' }, defaultRequest: { cpu: '100m', memory: '200Mi' } });
      const { spec, metadata } = await create({ requests: { memory: '1Gi' } });
      expect(spec?.containers[0]?.resources).to.deep.equal({
        requests: { cpu: '100m', memory: '1Gi' },
        limits: { cpu: '500m' },
      });
      expect(metadata?.annotations?.['kubernetes.io/limit-ranger']).to.equal(
        'LimitRanger plugin set: cpu request for container c; cpu limit for container c',
      );
    });

    const cases: [string, object, Container['resources'], RegExp][] = [
      [
        'too little',
        { min: { cpu: '200m' } },
        { requests: { cpu: '100m' } },
        /minimum cpu usage per Container is 200m, but request is 100m/,
      ],
      ['nothing', { min: { cpu: '200m' } }, {}, /minimum cpu usage per Container is 200m. {2}No request is specified/],
      [
        'too much',
        { max: { memory: '1Gi' } },
        { limits: { memory: '2Gi' } },
        /maximum memory usage per Container is 1Gi, but limit is 2Gi/,
      ],
      [
        'too far apart',
        { maxLimitRequestRatio: { cpu: '2' } },
        { requests: { cpu: '100m' }, limits: { cpu: '300m' } },
        /provided ratio is 3\.000000/,
      ],
    ];
    for (const [name, item, resources, message] of cases) {
      it(`refuses ${name}`, async () => {
        limit({ type: 'Container', ...item });
        expect(await refusalOf(create(resources))).to.match(message);
      });
    }

    it('adds up a pod, sidecars and the start included', async () => {
      limit({ type: 'Pod', max: { cpu: '1' } });
      const amounts = (cpu: string) => ({ resources: { requests: { cpu }, limits: { cpu } } });
      const create = (spec: Partial<Pod['spec']>) =>
        refusalOf(runAdmission(limitRanger(context), { resource: Pods, object: pod(spec) }));
      const sidecar = { name: 's', restartPolicy: 'Always', ...amounts('300m') };
      expect(await create({ containers: [{ name: 'c', ...amounts('700m') }], initContainers: [sidecar] })).to.equal(
        'admitted',
      );
      expect(await create({ containers: [{ name: 'c', ...amounts('800m') }], initContainers: [sidecar] })).to.match(
        /limit is 1100m/,
      );
      expect(
        await create({
          containers: [{ name: 'c', ...amounts('100m') }],
          initContainers: [sidecar, { name: 'i', ...amounts('800m') }],
        }),
      ).to.match(/limit is 1100m/);
    });
  });

  describe('ClusterTrustBundleAttest', () => {
    const bundle = (signerName?: string, more: object = {}) =>
      ({
        metadata: { name: 'b', ...more },
        spec: { ...(signerName && { signerName }), trustBundle: 't' },
      }) as KubernetesObject;
    const write = (object: KubernetesObject, old?: KubernetesObject, permitted = '') => {
      const authorizer: Authorizer = {
        name: 'one',
        authorize: ({ verb, name }) => ({
          decision: `${verb} ${name}` === permitted ? 'allow' : 'no-opinion',
          reason: '',
        }),
      };
      const plugin = clusterTrustBundleAttest({ ...context, authorizer });
      const resource = ClusterTrustBundles;
      return refusalOf(
        runAdmission(plugin, old ? { resource, operation: 'UPDATE', object, old } : { resource, object }),
      );
    };

    it('needs the permission of the signer, or of its domain', async () => {
      const refusal =
        'clustertrustbundles.certificates.k8s.io "b" is forbidden: user not permitted to attest for signerName "a.b/c"';
      expect(await write(bundle())).to.equal('admitted');
      expect(await write(bundle('a.b/c'))).to.equal(refusal);
      expect(await write(bundle('a.b/c'), undefined, 'sign a.b/c')).to.equal(refusal);
      expect(await write(bundle('a.b/c'), undefined, 'attest a.b/c')).to.equal('admitted');
      expect(await write(bundle('a.b/c'), undefined, 'attest a.b/*')).to.equal('admitted');
    });

    it('lets the garbage collector do its work', async () => {
      expect(await write(bundle('a.b/c', { finalizers: ['x/y'] }), bundle('a.b/c'))).to.equal('admitted');
      expect(await write(bundle('a.b/c', { labels: { a: 'b' } }), bundle('a.b/c'))).to.match(/not permitted to attest/);
    });
  });

  describe('NodeRestriction', () => {
    const user = { username: 'system:node:n1', groups: ['system:nodes'], extra: {} };
    const asNode = (write: TestWrite) => refusalOf(runAdmission(nodeRestriction(context), { user, ...write }));
    const node = (name: string, more: object = {}) => ({ metadata: { name, ...more } });

    it('lets a node write itself, without labels that attract pods', async () => {
      expect(
        await asNode({ resource: Nodes, object: node('n1', { labels: { 'kubernetes.io/hostname': 'n1', own: 'x' } }) }),
      ).to.equal('admitted');
      expect(await asNode({ resource: Nodes, object: node('n2') })).to.match(
        /node "n1" is not allowed to modify node "n2"/,
      );
      expect(
        await asNode({ resource: Nodes, object: node('n1', { labels: { 'node-restriction.kubernetes.io/x': '1' } }) }),
      ).to.match(/not allowed to set the following labels: node-restriction.kubernetes.io\/x/);
      const tainted = { ...node('n1'), spec: { taints: [{ key: 'a', effect: 'NoSchedule' }] } };
      expect(await asNode({ resource: Nodes, operation: 'UPDATE', object: node('n1'), old: tainted })).to.match(
        /not allowed to modify taints/,
      );
    });

    it('lets a node ask for certificates of pods that run on it and name the signer', async () => {
      const signer = 'example.com/signer';
      const volumes = [
        { name: 'v', projected: { sources: [{ podCertificate: { signerName: signer, keyType: 'ED25519' } }] } },
      ];
      context.readers.set(Nodes, node('n1', { uid: 'un' }));
      context.readers.set(Pods, pod({ nodeName: 'n1', serviceAccountName: 'sa', volumes }, { uid: 'up' }));
      context.readers.set(ServiceAccounts, { metadata: { name: 'sa', namespace: 'ns', uid: 'us' } });
      const whose = { podName: 'p', podUID: 'up', serviceAccountName: 'sa', serviceAccountUID: 'us' };
      const ask = (spec: object = {}) =>
        asNode({
          resource: PodCertificateRequests,
          object: {
            metadata: { name: 'r', namespace: 'ns' },
            spec: { signerName: signer, nodeName: 'n1', nodeUID: 'un', ...whose, ...spec },
          } as KubernetesObject,
        });
      expect(await ask()).to.equal('admitted');
      expect(await ask({ nodeName: 'n2' })).to.match(/Spec.NodeName="n2", which is not the requesting node "n1"$/);
      expect(await ask({ podUID: 'old' })).to.match(/contains pod UID \("old"\) which differs from running pod "up"$/);
      expect(await ask({ podName: 'q' })).to.match(/while retrieving pod "ns\/q" .* pods "q" not found$/);
      expect(await ask({ serviceAccountName: 'root' })).to.match(/\("root"\) that differs from running pod \("sa"\)$/);
      expect(await ask({ signerName: 'example.com/other' })).to.match(
        /pod "ns\/p" does not mount a podCertificate projected volume for signer "example.com\/other"$/,
      );
      context.readers.set(Pods, pod({ nodeName: 'n2', serviceAccountName: 'sa', volumes }, { uid: 'up' }));
      expect(await ask()).to.match(/pod "ns\/p" is not running on node "n1" named in the PodCertificateRequest$/);
    });

    it('lets a node report on its own pods only', async () => {
      const mine = pod({ nodeName: 'n1' });
      const other = pod({ nodeName: 'n2' });
      const update = (old: Pod, object: Pod) =>
        asNode({ resource: Pods, subresource: 'status', operation: 'UPDATE', object, old });
      expect(await update(mine, mine)).to.equal('admitted');
      expect(await update(other, other)).to.match(
        /can only update pod status for pods with spec.nodeName set to itself/,
      );
      expect(await update(mine, pod({ nodeName: 'n1' }, { labels: { a: 'b' } }))).to.match(/cannot update labels/);
      expect(await asNode({ resource: Pods, object: mine })).to.match(/can only create mirror pods/);
    });

    it('lets a node ask for tokens of its pods', async () => {
      const volumes = [{ name: 'v', projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } }];
      context.readers.set(Pods, pod({ nodeName: 'n1', volumes }, { uid: 'u1' }));
      const ask = (spec: object) =>
        asNode({
          resource: ServiceAccounts,
          subresource: 'token',
          object: { metadata: { name: 'sa', namespace: 'ns' }, spec } as KubernetesObject,
        });
      const boundObjectRef = { apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u1' };
      expect(await ask({ boundObjectRef })).to.equal('admitted');
      expect(await ask({})).to.match(/not bound to a pod/);
      expect(await ask({ boundObjectRef: { ...boundObjectRef, uid: 'u2' } })).to.match(
        /does not match the UID in record/,
      );
      expect(await ask({ boundObjectRef, audiences: ['vault'] })).to.match(
        /not authorized to request tokens for audience "vault"/,
      );
    });

    it('says nothing about anybody else', async () => {
      expect(
        await asNode({ resource: Nodes, object: node('n2'), user: { username: 'bob', groups: [], extra: {} } }),
      ).to.equal('admitted');
    });
  });
});
