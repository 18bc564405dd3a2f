import { createHash } from 'node:crypto';
import { type ApiCaller, mergePatchHeaders, post } from '../support/index.ts';
import { requestOfNodeB, requestOfSomebody } from './certificate-requests.ts';

const rbac = '/apis/rbac.authorization.k8s.io/v1';
const group = 'rbac.authorization.k8s.io';

/** Roles that are bound for the whole cluster, each to a user `holder of <role>`. */
export const boundRoles = [
  'cluster-admin',
  'system:auth-delegator',
  'system:basic-user',
  'system:cluster-trust-bundle-discovery',
  'system:discovery',
  'system:heapster',
  'system:kube-aggregator',
  'system:kube-controller-manager',
  'system:kube-dns',
  'system:kube-scheduler',
  'system:kubelet-api-admin',
  'system:monitoring',
  'system:node',
  'system:node-bootstrapper',
  'system:node-problem-detector',
  'system:node-proxier',
  'system:persistent-volume-provisioner',
  'system:public-info-viewer',
  'system:service-account-issuer-discovery',
  'system:volume-scheduler',
];

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

const rule = (apiGroup: string, resources: string, verbs: string, ...resourceNames: string[]): Rule => ({
  apiGroups: [apiGroup],
  resources: resources.split(','),
  verbs: verbs.split(','),
  ...(resourceNames.length === 0 ? {} : { resourceNames }),
});
const authentication = 'authentication.k8s.io';

/** Rules of a user's own, for the whole cluster. */
const ownRules: Readonly<Record<string, readonly Rule[]>> = {
  roles: [rule(group, 'roles,rolebindings', 'create'), rule('', 'configmaps', 'get')],
  escalator: [rule(group, 'roles', 'create,escalate')],
  binder: [rule(group, 'rolebindings', 'create'), rule(group, 'clusterroles', 'bind', 'view')],
  'cluster-roles': [rule(group, 'clusterroles', 'create')],
  approver: [
    rule('certificates.k8s.io', 'certificatesigningrequests', 'get'),
    rule('certificates.k8s.io', 'certificatesigningrequests/approval', 'patch,update'),
    rule('certificates.k8s.io', 'signers', 'approve', 'kubernetes.io/kube-apiserver-client-kubelet'),
  ],
  impersonator: [
    rule('', 'users', 'impersonate', 'reader'),
    rule('', 'groups', 'impersonate', 'devs', 'a,b'),
    rule(authentication, 'userextras/scopes', 'impersonate', 'view'),
  ],
  constrained: [
    rule(authentication, 'users', 'impersonate:user-info', 'reader'),
    rule('', 'configmaps', 'impersonate-on:user-info:list'),
    rule(authentication, 'serviceaccounts', 'impersonate:serviceaccount', 'robot'),
    rule('', 'configmaps', 'impersonate-on:serviceaccount:list'),
    rule(authentication, 'nodes', 'impersonate:arbitrary-node', 'node-a'),
    rule('', 'nodes', 'impersonate-on:arbitrary-node:get'),
  ],
  'system:serviceaccount:team:robot': [rule('', 'configmaps', 'list')],
  reader: [rule('', 'configmaps', 'list,get')],
  ...Object.fromEntries(
    ['denies', 'abstains', 'fails', 'busy', 'closed:fails'].map((each) => [
      `hook:${each}`,
      [rule('', 'configmaps', 'list')],
    ]),
  ),
};

const user = (name: string) => ({ apiGroup: group, kind: 'User', name });
const roleRef = (name: string) => ({ apiGroup: group, kind: 'ClusterRole', name });
const metadata = (name: string, namespace?: string) => ({ name, ...(namespace === undefined ? {} : { namespace }) });
const base64 = (value: string) => Buffer.from(value).toString('base64');

export function bindingsOfFixture(): [path: string, object: object][] {
  return [
    ...boundRoles.map((role): [string, object] => [
      `${rbac}/clusterrolebindings`,
      { metadata: metadata(`test:${role}`), roleRef: roleRef(role), subjects: [user(`holder of ${role}`)] },
    ]),
    ...['admin', 'edit', 'view'].map((role): [string, object] => [
      `${rbac}/namespaces/team/rolebindings`,
      { metadata: metadata(`test-${role}`), roleRef: roleRef(role), subjects: [user(`holder of ${role} in team`)] },
    ]),
    ...Object.entries(ownRules).flatMap(([name, rules]): [string, object][] => {
      const role = `test-${createHash('sha1').update(name).digest('hex').slice(0, 8)}`;
      return [
        [`${rbac}/clusterroles`, { metadata: metadata(role), rules }],
        [`${rbac}/clusterrolebindings`, { metadata: metadata(role), roleRef: roleRef(role), subjects: [user(name)] }],
      ];
    }),
    [`${rbac}/clusterroles`, { metadata: metadata('reads-secrets'), rules: [rule('', 'secrets', 'get')] }],
  ];
}

/** Two nodes with a pod each that refers to a Secret and a ConfigMap, and accounts whose tokens are tried. */
function objectsOfFixture(): [path: string, object: object][] {
  const accounts = ['default', 'robot', 'deleted', 'renewed'];
  return [
    ['/api/v1/namespaces', { metadata: metadata('team') }],
    ['/api/v1/namespaces', { metadata: metadata('other') }],
    ...accounts.map((name): [string, object] => [
      '/api/v1/namespaces/team/serviceaccounts',
      { metadata: metadata(name) },
    ]),
    ...['node-a', 'node-b', 'node-gone'].map((name): [string, object] => [
      '/api/v1/nodes',
      { metadata: metadata(name) },
    ]),
    ...['secret-a', 'secret-b', 'binds', 'gone'].map((name): [string, object] => [
      '/api/v1/namespaces/team/secrets',
      { metadata: metadata(name) },
    ]),
    ...['a', 'b'].flatMap((letter): [string, object][] => [
      ['/api/v1/namespaces/team/configmaps', { metadata: metadata(`config-${letter}`) }],
      ['/api/v1/namespaces/team/pods', podOf(`on-${letter}`, letter, 'default')],
    ]),
    ['/api/v1/namespaces/team/pods', podOf('robots', 'a', 'robot')],
    ['/api/v1/namespaces/team/pods', podOf('gone', 'a', 'robot')],
    ...bootstrapTokens(),
  ];
}

function podOf(name: string, letter: string, serviceAccountName: string): object {
  return {
    metadata: metadata(name),
    spec: {
      nodeName: `node-${letter}`,
      serviceAccountName,
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 0,
      containers: [{ name: 'c', image: 'i', envFrom: [{ configMapRef: { name: `config-${letter}` } }] }],
      volumes: [{ name: 'v', secret: { secretName: `secret-${letter}` } }],
    },
  };
}

function bootstrapTokens(): [string, object][] {
  const token = (id: string, more: Readonly<Record<string, string>>): [string, object] => {
    const data = {
      'token-id': id,
      'token-secret': '0123456789abcdef',
      'usage-bootstrap-authentication': 'true',
      ...more,
    };
    return [
      '/api/v1/namespaces/kube-system/secrets',
      {
        metadata: metadata(`bootstrap-token-${id}`),
        type: 'bootstrap.kubernetes.io/token',
        data: Object.fromEntries(Object.entries(data).map(([key, value]) => [key, base64(value)])),
      },
    ];
  };
  return [
    token('aaaaaa', {}),
    token('bbbbbb', { expiration: '2020-01-01T00:00:00Z' }),
    token('cccccc', { 'usage-bootstrap-authentication': 'false' }),
  ];
}

/** Makes everything that the table speaks of. Throws where a server does not take it. */
export async function makeFixture(admin: ApiCaller): Promise<void> {
  for (const [path, object] of [...objectsOfFixture(), ...bindingsOfFixture()]) await post(admin, path, object);
  await aggregateRoles(admin);
  const requests = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
  const usages = ['digital signature', 'client auth'];
  for (const [name, pem, signerName] of [
    ['of-node-b', requestOfNodeB, 'kubernetes.io/kube-apiserver-client-kubelet'],
    ['of-somebody', requestOfSomebody, 'kubernetes.io/kube-apiserver-client'],
  ] as const) {
    const request = base64(pem);
    await post(admin, requests, { metadata: metadata(name), spec: { request, signerName, usages } });
  }
}

/** What the controller that aggregates roles does: no controller runs here. */
async function aggregateRoles(admin: ApiCaller): Promise<void> {
  for (const name of ['view', 'edit', 'admin']) {
    const selector = `rbac.authorization.k8s.io/aggregate-to-${name}=true`;
    const parts = await admin.call(`${rbac}/clusterroles?labelSelector=${encodeURIComponent(selector)}`);
    const rules = parts.json<{ items: { rules: Rule[] | null }[] }>().items.flatMap((role) => role.rules ?? []);
    const patch = { method: 'PATCH', headers: mergePatchHeaders, body: { rules } };
    await admin.call(`${rbac}/clusterroles/${name}`, patch);
  }
}
