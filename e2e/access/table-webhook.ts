import { may, mayNot, type Row, type Section } from './row.ts';

const configMaps = 'GET /api/v1/namespaces/team/configmaps';
const review = (user: string, resourceAttributes: object): Row =>
  may('POST /apis/authorization.k8s.io/v1/subjectaccessreviews', 201, { body: { spec: { user, resourceAttributes } } });
const list = { verb: 'list', resource: 'configmaps', namespace: 'team' };
/** No decision could be made: text, no Status. */
const undecided = (asks: string, why: string): Row => {
  const path = asks.split(' ')[1];
  return { asks, code: 500, message: `Internal Server Error: "${path}": ${why}\n` };
};
const both = 'webhook subject access review returned both allow and deny response';
const away = 'the server is currently unable to handle the request';
const refused = (user: string, why: string) =>
  `configmaps is forbidden: User "${user}" cannot list resource "configmaps" in API group "" in the namespace "team": ${why}`;
const nobodyAllows = 'abac: No policy matched.\nalwaysdeny: Everything is forbidden.';

/** What users may do where `webhook-chain.ts` configures who decides. Those called `hook:…` are the webhooks' business. */
export const webhookSections: readonly Section[] = [
  {
    who: 'user hook:allows',
    rows: [
      may(configMaps),
      may(`${configMaps}?labelSelector=app%20in%20(b,a),!gone&fieldSelector=metadata.name!%3Dx`),
      may('GET /version'),
      may('POST /apis/authorization.k8s.io/v1/selfsubjectrulesreviews', 201, { body: { spec: { namespace: 'team' } } }),
    ],
  },
  {
    who: 'user hook:denies',
    rows: [mayNot(configMaps, refused('hook:denies', 'the hook says no'))],
  },
  { who: 'user hook:both', rows: [undecided(configMaps, both)] },
  // Roles let these in after the webhook had no answer.
  {
    who: 'user hook:abstains',
    rows: [may(configMaps), may(configMaps), may('GET /api/v1/namespaces/team/secrets', 403)],
  },
  { who: 'user hook:fails', rows: [may(configMaps), undecided('GET /api/v1/namespaces/team/secrets', away)] },
  { who: 'user hook:busy', rows: [may(configMaps)] },
  { who: 'user hook:closed:fails', rows: [undecided(configMaps, away)] },
  { who: 'user hook:closed:allows', rows: [may(configMaps)] },
  {
    who: 'user hook:choosy',
    rows: [mayNot('GET /api/v1/namespaces/team/secrets'), may(configMaps, 403), { asks: 'GET /metrics', code: 500 }],
  },
  // To apply what is not there is to create it, which is asked about on the way.
  {
    who: 'user hook:changes',
    rows: [
      {
        asks: 'PATCH /api/v1/namespaces/team/configmaps/new?fieldManager=me',
        body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'new' } },
        headers: { 'content-type': 'application/apply-patch+yaml' },
        code: 500,
        message: `Internal error occurred: ${away}`,
      },
    ],
  },
  {
    who: 'user abac',
    rows: [may(configMaps), mayNot('POST /api/v1/namespaces/team/configmaps', undefined, { body: {} })],
  },
  { who: 'user nobody', rows: [mayNot(configMaps, refused('nobody', nobodyAllows))] },
  {
    who: 'administrator',
    rows: [
      may(configMaps),
      review('hook:allows', list),
      review('hook:denies', list),
      review('hook:both', list),
      review('hook:abstains', { verb: 'delete', resource: 'secrets', namespace: 'team' }),
      review('hook:closed:fails', list),
      review('hook:abstains', {
        ...list,
        fieldSelector: { requirements: [{ key: 'a.b', operator: 'In', values: ['c'] }] },
      }),
      review('hook:abstains', { ...list, labelSelector: { rawSelector: 'app=a,tier' } }),
      review('abac', list),
    ],
  },
];
