import { may, mayNot, type Row, type Section } from './row.ts';

const post = (what: string, spec: object, code = 201): Row => {
  const group = what === 'tokenreviews' ? 'authentication.k8s.io' : 'authorization.k8s.io';
  return may(`POST /apis/${group}/v1/${what}`, code, { body: { spec } });
};
const rules = (namespace: string) => post('selfsubjectrulesreviews', { namespace });
const access = (spec: object) => post('subjectaccessreviews', spec);
const pods = { resource: 'pods', namespace: 'team', verb: 'list' };
const readsTeam = { user: 'holder of view in team', resourceAttributes: pods };
const selector = (fieldSelector: object) =>
  access({
    user: 'system:node:node-a',
    groups: ['system:nodes'],
    resourceAttributes: { resource: 'pods', verb: 'list', fieldSelector },
  });

const tokens = [
  'token of team/robot',
  'token of team/robot, bound to a pod',
  'token that has expired',
  'token that is not valid yet',
  'token for another audience',
  'token of another issuer',
  'token signed with another key',
  'token without signature',
  'token of an account that was deleted',
  'token of an account that was made anew',
  'token bound to a pod that was deleted',
  'token bound to a secret that was deleted',
  'token bound to a node that was deleted',
  'legacy token',
  'legacy token that was replaced',
  'bootstrap token that has expired',
];

/** What reviews say: the answers themselves are compared. */
export const reviewSections: readonly Section[] = [
  {
    who: 'administrator',
    rows: [
      access(readsTeam),
      access({ ...readsTeam, resourceAttributes: { ...pods, namespace: 'other' } }),
      access({ ...readsTeam, groups: ['system:masters'] }),
      access({ user: 'a', nonResourceAttributes: { path: '/metrics', verb: 'get' } }),
      access({
        user: 'system:node:node-a',
        groups: ['system:nodes'],
        resourceAttributes: { ...pods, resource: 'secrets' },
      }),
      selector({ requirements: [{ key: 'spec.nodeName', operator: 'In', values: ['node-a'] }] }),
      selector({ requirements: [{ key: 'spec.nodeName', operator: 'In', values: ['node-b'] }] }),
      selector({ rawSelector: 'spec.nodeName=node-a' }),
      selector({ rawSelector: '((' }),
      { asks: 'POST /apis/authorization.k8s.io/v1/subjectaccessreviews', body: { spec: {} }, code: 422 },
      may('POST /apis/authorization.k8s.io/v1/namespaces/team/localsubjectaccessreviews', 201, {
        body: { metadata: { namespace: 'team' }, spec: readsTeam },
      }),
      {
        asks: 'POST /apis/authorization.k8s.io/v1/namespaces/team/localsubjectaccessreviews',
        body: {
          metadata: { namespace: 'team' },
          spec: { ...readsTeam, resourceAttributes: { ...pods, namespace: 'other' } },
        },
        code: 422,
      },
      post('tokenreviews', { token: 'what-is-this' }),
      post('tokenreviews', { token: 'aaaaaa.0123456789abcdef' }),
      post('tokenreviews', { token: 'aaaaaa.0123456789abcdef', audiences: ['vault'] }),
      post('tokenreviews', {}, 400),
      ...tokens.map((reviewed) => ({ ...may('POST /apis/authentication.k8s.io/v1/tokenreviews', 201), reviewed })),
      {
        ...may('POST /apis/authentication.k8s.io/v1/tokenreviews', 201, { body: { audiences: ['vault', 'x'] } }),
        reviewed: 'token for another audience',
      },
      may('POST /apis/authentication.k8s.io/v1/selfsubjectreviews', 201, { body: {} }),
      rules('team'),
      post('selfsubjectrulesreviews', {}, 400),
    ],
  },
  { who: 'holder of system:kube-dns', rows: [rules('team')] },
  {
    who: 'certificate of node-a',
    rows: [rules('team'), may('POST /apis/authentication.k8s.io/v1/selfsubjectreviews', 201, { body: {} })],
  },
  {
    who: 'token of team/robot, bound to a pod',
    rows: [may('POST /apis/authentication.k8s.io/v1/selfsubjectreviews', 201, { body: {} })],
  },
  {
    who: 'token of team/robot, bound to a node',
    rows: [may('POST /apis/authentication.k8s.io/v1/selfsubjectreviews', 201, { body: {} })],
  },
  {
    who: 'legacy token',
    rows: [may('POST /apis/authentication.k8s.io/v1/selfsubjectreviews', 201, { body: {} })],
  },
  {
    who: 'user reader',
    rows: [
      rules('team'),
      mayNot('POST /apis/authentication.k8s.io/v1/tokenreviews', undefined, { body: { spec: { token: 'x' } } }),
    ],
  },
];
