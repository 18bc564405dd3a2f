import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureClusterPki, type KeyPair } from '@coracle/cluster/pki';
import { type ApiCaller, post, type ReferenceKeys } from '../support/index.ts';
import { claimsOf, type Fields, resigned, signed, unsigned } from './json-web-token.ts';

/** What somebody shows. */
export interface Credential {
  readonly identity: KeyPair | 'none';
  readonly headers: Readonly<Record<string, string>>;
}

const dayMs = 24 * 3600 * 1000;
const accounts = '/api/v1/namespaces/team/serviceaccounts';

/** The credentials of the table, by name; made once `makeFixture` is through. Some things are deleted on the way. */
export async function makeCredentials(admin: ApiCaller, keys: ReferenceKeys): Promise<(who: string) => Credential> {
  const { pki } = keys;
  const certificates = await makeCertificates(keys);
  const tokens = await makeTokens(admin, pki);
  return (who) => {
    if (who === 'nobody') return { identity: 'none', headers: {} };
    if (who === 'administrator') return { identity: pki.admin, headers: {} };
    const identity = certificates.get(who);
    if (identity !== undefined) return { identity, headers: {} };
    const token = tokens.get(who);
    if (token !== undefined) return { identity: 'none', headers: { authorization: `Bearer ${token}` } };
    return { identity: pki.admin, headers: impersonation(who) };
  };
}

/** `user NAME`, `user NAME in GROUP`, `holder of ROLE`, `account NAMESPACE/NAME`. */
function impersonation(who: string): Record<string, string> {
  const [kind, ...rest] = who.split(' ');
  const [name = '', group] = kind === 'user' ? rest.join(' ').split(' in ') : [rest.join(' ')];
  if (kind === 'holder') return { 'impersonate-user': who };
  if (kind === 'account') return { 'impersonate-user': `system:serviceaccount:${name.replace('/', ':')}` };
  if (kind !== 'user') throw new Error(`nobody is called ${who}`);
  return { 'impersonate-user': name, ...(group === undefined ? {} : { 'impersonate-group': group }) };
}

async function makeCertificates({ pki, directory }: ReferenceKeys): Promise<Map<string, KeyPair>> {
  const client = (commonName: string, ...organizations: string[]) => ({
    commonName,
    organizations,
    usages: ['client' as const],
    days: 1,
  });
  const elsewhere = await mkdtemp(join(tmpdir(), 'coracle-other-pki-'));
  const other = await ensureClusterPki({ directory: elsewhere, servingNames: [], now: Date.now() });
  await rm(elsewhere, { recursive: true });
  // The same authority, ten days ago.
  const earlier = await ensureClusterPki({ directory, servingNames: [], now: Date.now() - 10 * dayMs });
  const masters = client('kubernetes-admin', 'system:masters');
  return new Map([
    ['certificate of user certain', await pki.issue(client('certain', 'devs'))],
    ['certificate of user impersonator', await pki.issue(client('impersonator'))],
    ['certificate of user constrained', await pki.issue(client('constrained'))],
    ['certificate of user system:node:node-a', await pki.issue(client('system:node:node-a'))],
    ['certificate of node-a', await pki.issue(client('system:node:node-a', 'system:nodes'))],
    ['certificate of another authority', await other.issue(masters)],
    ['certificate that has expired', await earlier.issue(client('late', 'system:masters'))],
    ['certificate for servers', await pki.issue({ ...masters, usages: ['server'] })],
  ]);
}

async function makeTokens(admin: ApiCaller, pki: ReferenceKeys['pki']): Promise<Map<string, string>> {
  const request = async (account: string, spec: object = {}) => {
    const path = `${accounts}/${account}/token`;
    const { status } = await post<{ status: { token: string } }>(admin, path, { spec: { audiences: null, ...spec } });
    return status.token;
  };
  const boundTo = async (kind: string, name: string) => {
    const path = kind === 'Node' ? `/api/v1/nodes/${name}` : `/api/v1/namespaces/team/${kind.toLowerCase()}s/${name}`;
    const { metadata } = (await admin.call(path)).json<{ metadata: { uid: string } }>();
    return request('robot', { boundObjectRef: { kind, apiVersion: 'v1', name, uid: metadata.uid } });
  };
  const good = await request('robot');
  const key = createPrivateKey(pki.serviceAccountKey);
  const changed = (claims: Fields, signer = key) => resigned(good, claims, signer);
  const now = Math.floor(Date.now() / 1000);
  const { privateKey: stranger } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const tokens = new Map([
    ['token of team/robot', good],
    ['token of team/robot, bound to a pod', await boundTo('Pod', 'robots')],
    ['token of team/robot, bound to a secret', await boundTo('Secret', 'binds')],
    ['token of team/robot, bound to a node', await boundTo('Node', 'node-a')],
    ['token that has expired', changed({ exp: now - 3600, nbf: now - 7200, iat: now - 7200 })],
    ['token that is not valid yet', changed({ nbf: now + 3600 })],
    ['token for another audience', await request('robot', { audiences: ['vault'] })],
    ['token of another issuer', changed({ iss: 'https://issuer.example' })],
    ['token signed with another key', changed({}, stranger)],
    ['token without signature', unsigned(claimsOf(good))],
    ['token of an account that was deleted', await request('deleted')],
    ['token of an account that was made anew', await request('renewed')],
    ['token bound to a pod that was deleted', await boundTo('Pod', 'gone')],
    ['token bound to a secret that was deleted', await boundTo('Secret', 'gone')],
    ['token bound to a node that was deleted', await boundTo('Node', 'node-gone')],
    ['token that is none', 'what-is-this'],
    ['legacy token', await legacyToken(admin, key, 'robot-token')],
    ['legacy token that was replaced', await legacyToken(admin, key, 'robot-token-old', 'another')],
    ['bootstrap token', 'aaaaaa.0123456789abcdef'],
    ['bootstrap token that has expired', 'bbbbbb.0123456789abcdef'],
    ['bootstrap token that is not for authentication', 'cccccc.0123456789abcdef'],
    ['bootstrap token with another secret', 'aaaaaa.fedcba9876543210'],
  ]);
  const gone = [
    `${accounts}/deleted`,
    `${accounts}/renewed`,
    '/api/v1/namespaces/team/pods/gone',
    '/api/v1/namespaces/team/secrets/gone',
    '/api/v1/nodes/node-gone',
  ];
  for (const path of gone) await admin.call(`${path}?gracePeriodSeconds=0`, { method: 'DELETE' });
  await post(admin, accounts, { metadata: { name: 'renewed' } });
  return tokens;
}

/** A token of the kind that lives in a Secret, as the token controller makes them; `kept`: what the Secret has instead. */
async function legacyToken(admin: ApiCaller, key: KeyObject, name: string, kept?: string): Promise<string> {
  const { metadata } = (await admin.call(`${accounts}/robot`)).json<{ metadata: { uid: string } }>();
  const prefix = 'kubernetes.io/serviceaccount/';
  const claims = {
    iss: 'kubernetes/serviceaccount',
    sub: 'system:serviceaccount:team:robot',
    [`${prefix}namespace`]: 'team',
    [`${prefix}secret.name`]: name,
    [`${prefix}service-account.name`]: 'robot',
    [`${prefix}service-account.uid`]: metadata.uid,
  };
  const token = signed({ alg: 'ES256' }, claims, key);
  const data = {
    token: Buffer.from(kept ?? token).toString('base64'),
    namespace: Buffer.from('team').toString('base64'),
  };
  const annotations = {
    'kubernetes.io/service-account.name': 'robot',
    'kubernetes.io/service-account.uid': metadata.uid,
  };
  await post(admin, '/api/v1/namespaces/team/secrets', {
    metadata: { name, annotations },
    type: 'kubernetes.io/service-account-token',
    data,
  });
  return token;
}
