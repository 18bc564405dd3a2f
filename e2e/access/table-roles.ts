import { may, mayNot, mergePatch, type Section } from './row.ts';

const inTeam = (group: string, collection: string) =>
  `POST /${group === '' ? 'api/v1' : `apis/${group}`}/namespaces/team/${collection}?dryRun=All`;
const rbac = 'rbac.authorization.k8s.io/v1';
const named = { metadata: { name: 'new' } };
const review = { spec: { resourceAttributes: { verb: 'get', resource: 'pods' } } };
const roleRef = (name: string) => ({ apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name });
const bindingOf = (name: string) => ({
  metadata: { name: 'new' },
  roleRef: roleRef(name),
  subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'somebody' }],
});
const roleOf = (...rules: object[]) => ({ metadata: { name: 'new' }, rules });
const readSecrets = { apiGroups: [''], resources: ['secrets'], verbs: ['get'] };
const granting = (user: string, rule: string) =>
  `user "${user}" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n${rule}`;
const secretsRule = '{APIGroups:[""], Resources:["secrets"], Verbs:["get"]}';

const approved = { status: { conditions: [{ type: 'Approved', status: 'True', reason: 'r', message: 'm' }] } };
const pods = 'GET /api/v1/pods';
const secrets = 'GET /api/v1/secrets';

/** Roles that every cluster begins with: those of people, bound in the namespace `team`, then those of components. */
export const roleSections: readonly Section[] = [
  { who: 'holder of cluster-admin', rows: [may(secrets), may('GET /metrics'), may('GET /apis/apps/v1/deployments')] },
  {
    who: 'holder of admin in team',
    rows: [
      may('GET /api/v1/namespaces/team/secrets'),
      may(inTeam(rbac, 'rolebindings'), 201, { body: bindingOf('view') }),
      mayNot(inTeam('', 'resourcequotas'), undefined, { body: named }),
      mayNot('GET /api/v1/namespaces/other/pods'),
      mayNot('GET /api/v1/nodes'),
      mayNot('GET /apis/rbac.authorization.k8s.io/v1/clusterroles'),
    ],
  },
  {
    who: 'holder of edit in team',
    rows: [
      may(inTeam('', 'configmaps'), 201, { body: named }),
      may('GET /api/v1/namespaces/team/secrets'),
      mayNot(inTeam(rbac, 'roles'), undefined, { body: roleOf() }),
      mayNot('GET /apis/rbac.authorization.k8s.io/v1/namespaces/team/rolebindings'),
      mayNot('GET /api/v1/namespaces/other/configmaps'),
    ],
  },
  {
    who: 'holder of view in team',
    rows: [
      may('GET /api/v1/namespaces/team/pods'),
      may('GET /api/v1/namespaces/team/pods/on-a/log?container=c', 500),
      mayNot(
        'GET /api/v1/namespaces/team/secrets',
        'secrets is forbidden: User "holder of view in team" cannot list resource "secrets" in API group "" in the namespace "team"',
      ),
      mayNot(inTeam('', 'configmaps'), undefined, { body: named }),
      mayNot('DELETE /api/v1/namespaces/team/pods/on-a?dryRun=All'),
    ],
  },
  {
    who: 'user somebody',
    rows: [
      may('POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews', 201, { body: review }),
      may('POST /apis/authentication.k8s.io/v1/selfsubjectreviews', 201, { body: {} }),
      may('GET /apis'),
      may('GET /version'),
      mayNot('POST /apis/authorization.k8s.io/v1/subjectaccessreviews', undefined, { body: review }),
      mayNot(
        pods,
        'pods is forbidden: User "somebody" cannot list resource "pods" in API group "" at the cluster scope',
      ),
      mayNot('GET /metrics', 'forbidden: User "somebody" cannot get path "/metrics"'),
      mayNot('GET /apis/none.example/v1/things'),
      mayNot('GET /api/v1/namespaces/team/pods/on-a/exec?command=id&container=c'),
    ],
  },
  {
    who: 'user system:unauthenticated-one in system:unauthenticated',
    rows: [may('GET /version'), may('GET /livez'), mayNot('GET /apis'), mayNot(pods)],
  },
  ...component('system:monitoring', may('GET /metrics')),
  ...component(
    'system:auth-delegator',
    may('POST /apis/authorization.k8s.io/v1/subjectaccessreviews', 201, {
      body: { spec: { user: 'a', ...review.spec } },
    }),
  ),
  ...component('system:heapster', may(pods), mayNot(secrets)),
  ...component('system:kube-aggregator', may('GET /api/v1/services')),
  ...component('system:kube-controller-manager', may(secrets), mayNot('DELETE /api/v1/namespaces/team/pods/on-a')),
  ...component('system:kube-dns', may('GET /api/v1/services')),
  ...component('system:kube-scheduler', may('GET /api/v1/nodes'), mayNot(secrets)),
  ...component('system:kubelet-api-admin', may('GET /api/v1/nodes')),
  ...component('system:node', may('GET /api/v1/services'), mayNot('GET /apis/apps/v1/deployments')),
  ...component('system:node-bootstrapper', may('GET /apis/certificates.k8s.io/v1/certificatesigningrequests')),
  ...component('system:node-problem-detector', may('GET /api/v1/nodes/node-a'), mayNot('GET /api/v1/nodes')),
  ...component('system:node-proxier', may('GET /apis/discovery.k8s.io/v1/endpointslices')),
  ...component('system:persistent-volume-provisioner', may('GET /api/v1/persistentvolumes')),
  ...component('system:volume-scheduler', may('GET /apis/storage.k8s.io/v1/storageclasses')),
  ...component('system:service-account-issuer-discovery', may('GET /openid/v1/jwks')),
  ...component('system:cluster-trust-bundle-discovery', may('GET /apis/certificates.k8s.io/v1/clustertrustbundles')),
  ...component('system:discovery', may('GET /openapi/v2')),
  ...component(
    'system:basic-user',
    may('POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews', 201, { body: review }),
  ),
  ...component('system:public-info-viewer', may('GET /healthz')),
  {
    who: 'user roles',
    rows: [
      may(inTeam(rbac, 'roles'), 201, { body: roleOf({ apiGroups: [''], resources: ['configmaps'], verbs: ['get'] }) }),
      mayNot(
        inTeam(rbac, 'roles'),
        `roles.rbac.authorization.k8s.io "new" is forbidden: ${granting('roles', secretsRule)}`,
        { body: roleOf(readSecrets) },
      ),
      mayNot(inTeam(rbac, 'rolebindings'), undefined, { body: bindingOf('view') }),
    ],
  },
  { who: 'user escalator', rows: [may(inTeam(rbac, 'roles'), 201, { body: roleOf(readSecrets) })] },
  {
    who: 'user binder',
    rows: [
      may(inTeam(rbac, 'rolebindings'), 201, { body: bindingOf('view') }),
      mayNot(inTeam(rbac, 'rolebindings'), undefined, { body: bindingOf('reads-secrets') }),
      may(inTeam(rbac, 'rolebindings'), 404, { body: bindingOf('absent') }),
      mayNot(`POST /apis/${rbac}/clusterrolebindings?dryRun=All`, undefined, { body: bindingOf('view') }),
    ],
  },
  {
    who: 'user cluster-roles',
    rows: [
      mayNot(`POST /apis/${rbac}/clusterroles?dryRun=All`, undefined, {
        body: { metadata: { name: 'new' }, aggregationRule: { clusterRoleSelectors: [{ matchLabels: { a: 'b' } }] } },
      }),
      mayNot(`POST /apis/${rbac}/clusterroles?dryRun=All`, undefined, {
        body: {
          metadata: { name: 'new', labels: { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' } },
          rules: [readSecrets],
        },
      }),
      may(`POST /apis/${rbac}/clusterroles?dryRun=All`, 201, { body: roleOf() }),
    ],
  },
  {
    who: 'user approver',
    rows: [
      may(approval('of-node-b'), 200, mergePatch(approved)),
      mayNot(
        approval('of-somebody'),
        'certificatesigningrequests.certificates.k8s.io "of-somebody" is forbidden: user not permitted to approve requests with signerName "kubernetes.io/kube-apiserver-client"',
        mergePatch(approved),
      ),
    ],
  },
];

function component(role: string, ...rows: Section['rows']): Section[] {
  const denied = rows.some(({ code }) => code === 403) ? [] : [mayNot(pods), mayNot(secrets)];
  return [{ who: `holder of ${role}`, rows: [...rows, ...denied] }];
}

function approval(name: string): string {
  return `PATCH /apis/certificates.k8s.io/v1/certificatesigningrequests/${name}/approval?dryRun=All`;
}
