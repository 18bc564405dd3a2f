import { may, mayNot, type Row, type Section, unknown } from './row.ts';

const pods = 'GET /api/v1/pods';
const whoAmI = 'POST /apis/authentication.k8s.io/v1/selfsubjectreviews';
const impersonating = (headers: NonNullable<Row['headers']>) => ({ headers });
const list = 'GET /api/v1/namespaces/team/configmaps';

/** Who is believed. */
export const credentialSections: readonly Section[] = [
  {
    who: 'nobody',
    rows: [
      may('GET /version'),
      may('GET /readyz'),
      mayNot(
        pods,
        'pods is forbidden: User "system:anonymous" cannot list resource "pods" in API group "" at the cluster scope',
      ),
      mayNot('GET /apis', 'forbidden: User "system:anonymous" cannot get path "/apis"'),
      mayNot(whoAmI, undefined, { body: {} }),
    ],
  },
  { who: 'administrator', rows: [may(pods), may('GET /metrics')] },
  { who: 'certificate of user certain', rows: [may(whoAmI, 201, { body: {} }), mayNot(pods)] },
  // Upstream lets nobody in by these, the anonymous included.
  { who: 'certificate of another authority', rows: [unknown('GET /version'), unknown(pods)] },
  { who: 'certificate that has expired', rows: [unknown('GET /version'), unknown(pods)] },
  { who: 'certificate for servers', rows: [unknown(pods)] },
  { who: 'token of team/robot', rows: [may(list), mayNot(pods)] },
  { who: 'token of team/robot, bound to a pod', rows: [may(list)] },
  { who: 'token of team/robot, bound to a secret', rows: [may(list)] },
  { who: 'token of team/robot, bound to a node', rows: [may(list)] },
  { who: 'token that has expired', rows: [unknown('GET /version'), unknown(list)] },
  { who: 'token that is not valid yet', rows: [unknown(list)] },
  { who: 'token for another audience', rows: [unknown(list)] },
  { who: 'token of another issuer', rows: [unknown(list)] },
  { who: 'token signed with another key', rows: [unknown(list)] },
  { who: 'token without signature', rows: [unknown(list)] },
  { who: 'token of an account that was deleted', rows: [unknown(list)] },
  { who: 'token of an account that was made anew', rows: [unknown(list)] },
  { who: 'token bound to a pod that was deleted', rows: [unknown(list)] },
  { who: 'token bound to a secret that was deleted', rows: [unknown(list)] },
  { who: 'token bound to a node that was deleted', rows: [unknown(list)] },
  { who: 'token that is none', rows: [unknown('GET /version'), unknown(list)] },
  { who: 'legacy token', rows: [may(list)] },
  { who: 'legacy token that was replaced', rows: [unknown(list)] },
  {
    who: 'bootstrap token',
    rows: [may('GET /version'), mayNot(list)],
  },
  { who: 'bootstrap token that has expired', rows: [unknown('GET /version')] },
  { who: 'bootstrap token that is not for authentication', rows: [unknown('GET /version')] },
  { who: 'bootstrap token with another secret', rows: [unknown('GET /version')] },
  {
    who: 'certificate of user impersonator',
    rows: [
      may(list, 200, impersonating({ 'impersonate-user': 'reader' })),
      may(list, 200, impersonating({ 'impersonate-user': 'reader', 'impersonate-group': 'devs' })),
      may(list, 200, impersonating({ 'impersonate-user': 'reader', 'impersonate-extra-scopes': 'view' })),
      mayNot(list, undefined, impersonating({ 'impersonate-user': 'somebody' })),
      mayNot(list, undefined, impersonating({ 'impersonate-user': 'reader', 'impersonate-group': 'system:masters' })),
      mayNot(list, undefined, impersonating({ 'impersonate-user': 'reader', 'impersonate-uid': '7' })),
      mayNot(list, undefined, impersonating({ 'impersonate-user': 'reader', 'impersonate-extra-scopes': 'edit' })),
      mayNot(list, undefined, impersonating({ 'impersonate-user': 'system:serviceaccount:team:robot' })),
      mayNot(list, undefined, impersonating({ 'impersonate-user': 'system:node:node-a' })),
      // A comma separates nothing: each line is one name.
      may(whoAmI, 201, {
        body: {},
        ...impersonating({ 'impersonate-user': ['reader', 'somebody'], 'impersonate-group': ['devs', 'a,b'] }),
      }),
      mayNot(
        list,
        'groups "devs,a,b" is forbidden: User "impersonator" cannot impersonate resource "groups" in API group "" at the cluster scope',
        impersonating({ 'impersonate-user': 'reader', 'impersonate-group': 'devs,a,b' }),
      ),
      mayNot(list, undefined, impersonating({ 'impersonate-user': 'reader', 'impersonate-group': 'devs, devs' })),
      mayNot(list, undefined, impersonating({ 'impersonate-user': 'reader', 'impersonate-extra-scopes': 'view,view' })),
      may(list, 200, impersonating({ 'impersonate-user': 'reader', 'impersonate-extra-%73copes': ['view', 'view'] })),
      mayNot(list, undefined, impersonating({ 'impersonate-user': 'reader', 'impersonate-extra-%zz': 'view' })),
      mayNot(list, undefined, impersonating({ 'impersonate-user': 'reader', 'impersonate-extra-%c3%ab': 'view' })),
      {
        asks: list,
        code: 400,
        message:
          'requested &user.DefaultInfo{Name:"", UID:"", Groups:[]string{"devs"}, Extra:map[string][]string(nil)} without impersonating a user name',
        ...impersonating({ 'impersonate-group': 'devs' }),
      },
      {
        asks: list,
        code: 400,
        message:
          'requested &user.DefaultInfo{Name:"", UID:"7", Groups:[]string(nil), Extra:map[string][]string{"%zz":[]string{"a,b", "c"}}} without impersonating a user name',
        ...impersonating({ 'impersonate-uid': '7', 'impersonate-extra-%zz': ['a,b', 'c'] }),
      },
      mayNot(list),
    ],
  },
  {
    who: 'certificate of user constrained',
    rows: [
      may(list, 200, impersonating({ 'impersonate-user': 'reader' })),
      mayNot(
        'GET /api/v1/namespaces/team/configmaps/config-a',
        undefined,
        impersonating({ 'impersonate-user': 'reader' }),
      ),
      mayNot(list, undefined, impersonating({ 'impersonate-user': 'somebody' })),
      may(list, 200, impersonating({ 'impersonate-user': 'system:serviceaccount:team:robot' })),
      may('GET /api/v1/nodes/node-a', 200, impersonating({ 'impersonate-user': 'system:node:node-a' })),
      mayNot('GET /api/v1/nodes/node-b', undefined, impersonating({ 'impersonate-user': 'system:node:node-b' })),
    ],
  },
];
