import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import type { AccessOptions } from '@coracle/apiserver';
import { TestIssuer } from '@coracle/apiserver/testing';
import { ensureClusterPki } from '@coracle/cluster/pki';
import type { ReferenceKeys } from '../support/index.ts';
import type { Credential } from './callers.ts';
import { type Fields, signed, unsigned } from './json-web-token.ts';
import { kubeconfigOf } from './webhook-chain.ts';

/** An issuer of OpenID Connect and a webhook that knows tokens, and what tells a server to believe them. */
export interface Believers extends AsyncDisposable {
  /** AuthenticationConfiguration. */
  readonly configFile: string;
  readonly webhookFile: string;
  readonly oidc: OidcOptions;
  /** Authorities of proxies that are believed beside the cluster's own. */
  readonly proxyAuthorities: string;
  credentials(keys: ReferenceKeys): Promise<ReadonlyMap<string, Credential>>;
}

type OidcOptions = NonNullable<NonNullable<AccessOptions['authentication']>['oidc']>;
type Keys = Readonly<Record<string, { readonly publicKey: KeyObject; readonly privateKey: KeyObject }>>;

const rsa = () => generateKeyPairSync('rsa', { modulusLength: 2048 });
const curve = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve });
/** Of the issuer, by the key id that its tokens name. */
const makeKeys = (): Keys => ({
  rsa: rsa(),
  'P-256': curve('P-256'),
  'P-384': curve('P-384'),
  'P-521': curve('P-521'),
  ed25519: generateKeyPairSync('ed25519'),
});
/** The id of the key that each algorithm signs with. */
const keyIds: Readonly<Record<string, string>> = {
  RS256: 'rsa',
  RS384: 'rsa',
  PS256: 'rsa',
  PS512: 'rsa',
  ES256: 'P-256',
  ES384: 'P-384',
  ES512: 'P-521',
  EdDSA: 'ed25519',
};
export const signingAlgorithms: readonly string[] = Object.keys(keyIds);

export async function startBelievers(): Promise<Believers> {
  const directory = await mkdtemp(join(tmpdir(), 'coracle-believers-'));
  const file = (name: string) => join(directory, name);
  const pki = await ensureClusterPki({ directory: file('pki'), servingNames: ['127.0.0.1'], now: Date.now() });
  const issuer = await TestIssuer.start({ cert: pki.serving.certificate, key: pki.serving.key });
  issuer.documents = { '/groups': 'for others' };
  const keys = makeKeys();
  issuer.keys = Object.fromEntries(Object.entries(keys).map(([id, { publicKey }]) => [id, publicKey]));
  await writeFile(file('authentication'), configuration(issuer.url, pki.authority.certificate));
  const theirs = await ensureClusterPki({ directory: file('theirs'), servingNames: [], now: Date.now() });
  const webhook = await startWebhook();
  await writeFile(file('kubeconfig'), kubeconfigOf(webhook.url));
  return {
    configFile: file('authentication'),
    webhookFile: file('kubeconfig'),
    oidc: {
      issuerUrl: issuer.url,
      clientId: 'kubernetes',
      caFile: join(file('pki'), 'ca.crt'),
      groupsClaim: 'groups',
      groupsPrefix: 'oidc:',
      requiredClaims: { tenant: 'acme' },
      signingAlgorithms: ['RS256', 'ES256'],
    },
    proxyAuthorities: join(file('theirs'), 'ca.crt'),
    credentials: async (shared) =>
      new Map([
        ...tokens(issuer.url, keys),
        ...(await proxies(shared, file('front-proxy'))),
        ['added proxy', { identity: await theirs.issue(client('added-proxy')), headers: {} }],
        ['added proxy of another name', { identity: await theirs.issue(client('other')), headers: {} }],
      ]),
    async [Symbol.asyncDispose]() {
      await issuer.stop();
      await webhook.stop();
      await rm(directory, { recursive: true });
    },
  };
}

function configuration(url: string, certificateAuthority: string): string {
  return JSON.stringify({
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'AuthenticationConfiguration',
    jwt: [
      {
        issuer: { url, certificateAuthority, audiences: ['kubernetes', 'sts'], audienceMatchPolicy: 'MatchAny' },
        claimValidationRules: [
          { claim: 'tenant', requiredValue: 'acme' },
          { expression: '!has(claims.banned) || claims.banned == false', message: 'banned' },
        ],
        claimMappings: {
          username: { claim: 'sub', prefix: '' },
          groups: { expression: 'claims.?groups.orValue([])' },
          uid: { expression: "claims.?uid.orValue('none')" },
          extra: [{ key: 'acme.com/team', valueExpression: "claims.?acme__dot__com.?team.orValue('')" }],
        },
        userValidationRules: [{ expression: "!user.username.startsWith('system:')", message: 'reserved' }],
      },
    ],
    anonymous: { enabled: true, conditions: ['/readyz', '/version'].map((path) => ({ path })) },
  });
}

/** Knows the token `webhook:NAME` as NAME; `webhook:error` it cannot tell. */
async function startWebhook(): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const receiver = createServer(async (request, response) => {
    const { apiVersion, spec } = (await json(request)) as { apiVersion: string; spec: { token: string } };
    const [, name] = /^webhook:(\w+)$/.exec(spec.token) ?? [];
    const user = { username: name, uid: '7', groups: ['a,b'], extra: { 'acme.com/arn': ['arn:1', 'arn:2'] } };
    const status =
      name === undefined || name === 'error'
        ? { authenticated: false, ...(name === 'error' ? { error: 'no such account' } : {}) }
        : { authenticated: true, user, ...(name === 'elsewhere' ? { audiences: ['vault'] } : {}) };
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ apiVersion, kind: 'TokenReview', status }));
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/token`,
    async stop() {
      receiver.closeAllConnections();
      await new Promise((resolve) => receiver.close(resolve));
    },
  };
}

function tokens(issuer: string, keys: Keys): [who: string, credential: Credential][] {
  const now = Math.floor(Date.now() / 1000);
  const good = { iss: issuer, aud: 'kubernetes', sub: 'reader', tenant: 'acme', exp: now + 3600, jti: 'id-1' };
  const issue = (
    claims: Fields = {},
    { alg = 'RS256', ...header }: Fields & { alg?: string } = {},
    other?: KeyObject,
  ) => {
    const kid = keyIds[alg] ?? '';
    return signed({ alg, kid, ...header }, { ...good, ...claims }, other ?? (keys[kid]?.privateKey as KeyObject));
  };
  const described = { groups: ['a', '', 'b,c'], uid: 'u', 'acme.com': { team: 'red' } };
  return Object.entries({
    'OIDC token': issue(),
    'OIDC token with groups and more': issue(described),
    'OIDC token for the second audience': issue({ aud: ['other', 'sts'] }),
    'OIDC token without a key id': issue({}, { kid: undefined }),
    ...Object.fromEntries(signingAlgorithms.map((alg) => [`OIDC token signed by ${alg}`, issue({}, { alg })])),
    'OIDC token that has expired': issue({ exp: 1_000_000_000 }),
    'OIDC token without end': issue({ exp: undefined }),
    'OIDC token that is not valid yet': issue({ nbf: now + 3600 }),
    'OIDC token for another audience': issue({ aud: 'vault' }),
    'OIDC token for nobody': issue({ aud: undefined }),
    'OIDC token of another issuer': issue({ iss: 'https://issuer.example' }),
    'OIDC token without signature': unsigned(good),
    'OIDC token signed with another key': issue({}, {}, rsa().privateKey),
    'OIDC token of an unknown key': issue({}, { kid: 'other' }, rsa().privateKey),
    'OIDC token of another tenant': issue({ tenant: 'other' }),
    'OIDC token without tenant': issue({ tenant: undefined }),
    'OIDC token of somebody banned': issue({ banned: true }),
    'OIDC token with groups that are none': issue({ groups: [1] }),
    'OIDC token with groups that cannot be fetched': issue({
      _claim_names: { groups: 'there' },
      _claim_sources: { there: { endpoint: `${issuer}/groups` } },
    }),
    'OIDC token with groups that are nowhere': issue({ _claim_names: { groups: 'there' }, _claim_sources: {} }),
    'OIDC token without a name': issue({ sub: undefined }),
    'OIDC token of a reserved name': issue({ sub: 'system:admin' }),
    'token that the webhook knows': 'webhook:reader',
    'token that the webhook knows for others': 'webhook:elsewhere',
    'token that the webhook cannot tell': 'webhook:error',
    'token that the webhook does not know': 'webhook?',
  }).map(([who, token]) => [who, { identity: 'none', headers: { authorization: `Bearer ${token}` } }]);
}

const client = (commonName: string) => ({ commonName, organizations: [], usages: ['client' as const], days: 1 });

async function proxies({ pki, directory }: ReferenceKeys, scratch: string): Promise<[string, Credential][]> {
  // Its authority as the authority of a cluster, which can issue certificates.
  await mkdir(scratch, { recursive: true });
  for (const ending of ['crt', 'key']) {
    await copyFile(join(directory, `front-proxy-ca.${ending}`), join(scratch, `ca.${ending}`));
  }
  const proxyPki = await ensureClusterPki({ directory: scratch, servingNames: [], now: Date.now() });
  return [
    ['front proxy', { identity: pki.frontProxyClient, headers: {} }],
    ['front proxy of another name', { identity: await proxyPki.issue(client('other-proxy')), headers: {} }],
    ['front proxy of another authority', { identity: await pki.issue(client('front-proxy-client')), headers: {} }],
  ];
}
