import { PersistentVolumes, Pods } from '@coracle/apimachinery/resources';
import type { Pod } from '@coracle/apimachinery/types/core-v1';
import { expect } from 'chai';
import type { AuthorizationAttributes } from '../authorizer.ts';
import { StaticReaders } from '../testing/index.ts';
import { NodeAuthorizer } from './node-authorizer.ts';

const nodeUser = (name: string) => ({ username: `system:node:${name}`, groups: ['system:nodes'], extra: {} });

const pod: Pod = {
  metadata: { name: 'p', namespace: 'ns' },
  spec: {
    nodeName: 'n1',
    serviceAccountName: 'sa',
    containers: [{ name: 'c', envFrom: [{ secretRef: { name: 'env' } }] }],
    volumes: [
      { name: 'a', projected: { sources: [{ configMap: { name: 'root-ca' } }] } },
      { name: 'b', persistentVolumeClaim: { claimName: 'data' } },
    ],
  },
};
const volume = {
  metadata: { name: 'pv' },
  spec: {
    claimRef: { namespace: 'ns', name: 'data' },
    csi: { driver: 'd', volumeHandle: 'h', nodeStageSecretRef: { name: 'stage', namespace: 'sys' } },
  },
};

describe('Node authorizer', () => {
  let readers: StaticReaders;
  let authorizer: NodeAuthorizer;

  beforeEach(async () => {
    readers = new StaticReaders();
    authorizer = new NodeAuthorizer(readers, new AbortController().signal);
    await authorizer.ready();
    readers.set(Pods, pod);
    readers.set(PersistentVolumes, volume);
  });

  /** `get secrets ns/env` as node n1. */
  const decide = (
    text: string,
    { node = 'n1', ...more }: Partial<AuthorizationAttributes> & { node?: string } = {},
  ) => {
    const [verb = '', resource = '', place = ''] = text.split(' ');
    const [namespace = '', name = ''] = place.includes('/') ? place.split('/') : ['', place];
    const [plain = '', subresource = ''] = resource.split('/');
    const [what = '', ...group] = plain.split('.');
    return authorizer.authorize({
      user: nodeUser(node),
      verb,
      isResourceRequest: true,
      namespace,
      apiGroup: group.join('.'),
      apiVersion: 'v1',
      resource: what,
      subresource,
      name,
      path: '',
      ...more,
    });
  };

  const allowed = [
    'get pods ns/p',
    'get secrets ns/env',
    'watch configmaps ns/root-ca',
    'get persistentvolumeclaims ns/data',
    'get persistentvolumes pv',
    'get secrets sys/stage',
    'create serviceaccounts/token ns/sa',
    'patch nodes/status n1',
    'update leases.coordination.k8s.io kube-node-lease/n1',
    'create events ns/',
    'list services ns/',
  ];
  for (const text of allowed) {
    it(`n1 may ${text}`, () => expect(decide(text).decision).to.equal('allow'));
  }

  const refused: [string, string][] = [
    ['get secrets ns/other', "no relationship found between node 'n1' and this object"],
    ['list secrets ns/', 'No Object name found'],
    ['delete secrets ns/env', 'can only read resources of this type'],
    ['list pods ', 'can only list/watch pods with spec.nodeName field selector'],
    ['get nodes n2', "node 'n1' cannot read 'n2', only its own Node object"],
    [
      'update leases.coordination.k8s.io kube-node-lease/n2',
      'can only access node lease with the same name as the requesting node',
    ],
    ['update leases.coordination.k8s.io ns/n1', 'can only access leases in the "kube-node-lease" system namespace'],
    ['create deployments.apps ns/', ''],
  ];
  for (const [text, reason] of refused) {
    it(`n1 may not ${text}`, () => expect(decide(text)).to.deep.equal({ decision: 'no-opinion', reason }));
  }

  it('keeps nodes apart', () => {
    for (const text of ['get pods ns/p', 'get secrets ns/env', 'get persistentvolumes pv', 'get secrets sys/stage']) {
      expect(decide(text, { node: 'n2' }).decision, text).to.equal('no-opinion');
    }
  });

  it('lets a node list its own pods', () => {
    expect(decide('list pods ', { fieldSelector: 'spec.nodeName=n1' }).decision).to.equal('allow');
    expect(decide('list pods ', { fieldSelector: 'spec.nodeName=n2' }).decision).to.equal('no-opinion');
  });

  it('forgets what a pod used when it is gone, unless another one uses it', () => {
    const twin: Pod = { ...pod, metadata: { name: 'q', namespace: 'ns' } };
    readers.set(Pods, twin);
    readers.remove(Pods, pod);
    expect(decide('get secrets ns/env').decision).to.equal('allow');
    readers.remove(Pods, twin);
    expect(decide('get secrets ns/env').decision).to.equal('no-opinion');
    expect(decide('get persistentvolumes pv').decision).to.equal('no-opinion');
  });

  it('gives a mirror pod nothing', () => {
    readers.remove(Pods, pod);
    readers.set(Pods, { ...pod, metadata: { ...pod.metadata, annotations: { 'kubernetes.io/config.mirror': 'x' } } });
    expect(decide('get pods ns/p').decision).to.equal('allow');
    expect(decide('get secrets ns/env').decision).to.equal('no-opinion');
  });

  it('says nothing about others', () => {
    expect(
      decide('get pods ns/p', { user: { username: 'alice', groups: ['system:nodes'], extra: {} } }).decision,
    ).to.equal('no-opinion');
    expect(decide('get pods ns/p', { user: nodeUser('') }).reason).to.equal('unknown node for user "system:node:"');
  });
});
