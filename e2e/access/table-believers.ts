import { signingAlgorithms } from './believers.ts';
import { may, mayNot, type Row, type Section, unknown } from './row.ts';

const list = 'GET /api/v1/namespaces/team/configmaps';
const whoAmI: Row = may('POST /apis/authentication.k8s.io/v1/selfsubjectreviews', 201, { body: {} });
const reviewed = (token: string, more: object = {}): Row => ({
  ...may('POST /apis/authentication.k8s.io/v1/tokenreviews', 201, { body: more }),
  reviewed: token,
});
const asUser = (headers: NonNullable<Row['headers']>): Row => ({ ...whoAmI, headers });

const signedBy = (algorithm: string) => `OIDC token signed by ${algorithm}`;
const good = ['OIDC token', 'OIDC token for the second audience', 'OIDC token without a key id'];
const bad = [
  signedBy('EdDSA'),
  'OIDC token for nobody',
  'OIDC token that has expired',
  'OIDC token without end',
  'OIDC token for another audience',
  'OIDC token of another issuer',
  'OIDC token without signature',
  'OIDC token signed with another key',
  'OIDC token of an unknown key',
  'OIDC token of another tenant',
  'OIDC token without tenant',
  'OIDC token of somebody banned',
  'OIDC token with groups that are none',
  'OIDC token without a name',
  'OIDC token of a reserved name',
  'token that the webhook knows for others',
  'token that the webhook cannot tell',
  'token that the webhook does not know',
];

/** Who is believed where `believers.ts` says whom to believe. */
export const believerSections: readonly Section[] = [
  { who: 'nobody', rows: [may('GET /version'), may('GET /readyz'), unknown('GET /livez'), unknown(list)] },
  ...good.map((who): Section => ({ who, rows: [may(list), whoAmI, mayNot('GET /api/v1/pods')] })),
  { who: 'OIDC token with groups and more', rows: [may(list), whoAmI] },
  ...signingAlgorithms
    .filter((algorithm) => algorithm !== 'EdDSA')
    .map((algorithm): Section => ({ who: signedBy(algorithm), rows: [may(list)] })),
  ...bad.map((who): Section => ({ who, rows: [unknown(list), unknown('GET /version')] })),
  // Its message tells the time.
  { who: 'OIDC token that is not valid yet', rows: [unknown(list)] },
  { who: 'token that the webhook knows', rows: [may(list), whoAmI, mayNot('GET /api/v1/pods')] },
  {
    who: 'administrator',
    rows: [
      ...[...good, 'OIDC token with groups and more', 'token that the webhook knows', ...bad].map((who) =>
        reviewed(who),
      ),
      reviewed('OIDC token', { audiences: ['vault'] }),
      reviewed('token that the webhook knows', { audiences: ['vault'] }),
      reviewed('token that the webhook knows for others', { audiences: ['vault', 'x'] }),
    ],
  },
  {
    who: 'front proxy',
    rows: [
      { ...may(list), headers: { 'x-remote-user': 'reader' } },
      asUser({ 'x-remote-user': 'jane', 'x-remote-group': 'a,b' }),
      asUser({ 'x-remote-user': ['jane', 'other'], 'x-remote-group': ['a', '', 'b, c'], 'x-remote-uid': '7' }),
      asUser({
        'x-remote-user': 'jane',
        'x-remote-extra-Acme.com%2fTeam': ['red, blue', ''],
        'x-remote-extra-%zz': 'x',
      }),
      { ...mayNot(list), headers: { 'x-remote-user': 'system:anonymous', 'x-remote-group': 'system:unauthenticated' } },
      { ...unknown(list), headers: { 'x-remote-group': 'system:masters' } },
      { ...unknown(list), headers: { 'x-remote-user': '' } },
      unknown('GET /version'),
    ],
  },
  {
    who: 'front proxy of another name',
    rows: [{ ...unknown(list), headers: { 'x-remote-user': 'reader' } }, unknown(list)],
  },
  // The certificate counts, what it says of others does not.
  {
    who: 'front proxy of another authority',
    rows: [asUser({ 'x-remote-user': 'reader' }), { ...mayNot(list), headers: { 'x-remote-user': 'reader' } }],
  },
  { who: 'administrator', rows: [asUser({ 'x-remote-user': 'reader' })] },
];

const others = signingAlgorithms.filter((algorithm) => !['RS256', 'ES256'].includes(algorithm)).map(signedBy);

/** Who is believed where flags name one issuer and one proxy more, and nobody else is to be believed. */
export const flagSections: readonly Section[] = [
  ...['OIDC token', 'OIDC token with groups and more', signedBy('ES256')].map(
    (who): Section => ({ who, rows: [whoAmI, mayNot(list)] }),
  ),
  ...[
    ...others,
    'OIDC token for the second audience',
    'OIDC token of another tenant',
    'token that the webhook knows',
  ].map((who): Section => ({ who, rows: [unknown(list)] })),
  {
    who: 'added proxy',
    rows: [
      asUser({ 'x-user': 'jane', 'x-group': 'a,b' }),
      asUser({ 'x-remote-user': '', 'x-user': 'jane', 'x-group': ['b', ''], 'x-remote-group': 'a' }),
      asUser({ 'x-remote-user': 'jane', 'x-user': 'joe', 'x-more-team': ['b', 'c'], 'x-remote-extra-team': 'a' }),
      { ...unknown(list), headers: { 'x-group': 'system:masters' } },
    ],
  },
  {
    who: 'added proxy of another name',
    rows: [{ ...unknown(list), headers: { 'x-user': 'reader' } }, unknown(list)],
  },
  {
    who: 'administrator',
    rows: [
      'OIDC token with groups and more',
      'OIDC token with groups that are none',
      'OIDC token with groups that cannot be fetched',
      'OIDC token with groups that are nowhere',
      'OIDC token for the second audience',
      'OIDC token of another tenant',
      ...others,
    ].map((who) => reviewed(who)),
  },
];
