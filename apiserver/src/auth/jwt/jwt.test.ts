import 'reflect-metadata';
import { generateKeyPairSync, type KeyObject, sign, type SignKeyObjectInput, constants } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@coracle/apimachinery/component';
import { textOfError } from '@coracle/apimachinery/errors';
import { createVirtualClock, type VirtualClock } from '@coracle/client/testing';
import { expect } from 'chai';
import { filePollMs } from '../../configfile/index.ts';
import { MetricRegistry } from '../../metrics/registry.ts';
import { createServingPair } from '../../testing/serving-pair.ts';
import { TestIssuer } from '../../testing/test-issuer.ts';
import type { TokenAuthenticator } from '../authenticator.ts';
import { type JwtOptions, openJwtAuthentication } from './index.ts';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const curve = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve });
const [p256, p384, p521] = [curve('P-256'), curve('P-384'), curve('P-521')];
const ed25519 = generateKeyPairSync('ed25519');
type Signer = Omit<SignKeyObjectInput, 'key'> & { readonly hash: string | null; readonly key: KeyObject };
const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
const ieee = { dsaEncoding: 'ieee-p1363' as const };
const signers: Readonly<Record<string, Signer>> = {
  RS256: { hash: 'sha256', key: rsa.privateKey },
  RS512: { hash: 'sha512', key: rsa.privateKey },
  PS256: { hash: 'sha256', key: rsa.privateKey, ...pss },
  PS384: { hash: 'sha384', key: rsa.privateKey, ...pss },
  ES256: { hash: 'sha256', key: p256.privateKey, ...ieee },
  ES384: { hash: 'sha384', key: p384.privateKey, ...ieee },
  ES512: { hash: 'sha512', key: p521.privateKey, ...ieee },
  EdDSA: { hash: null, key: ed25519.privateKey },
};
const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

function issue(
  claims: object,
  { alg = 'RS256', kid = 'one', by = alg, ...more }: Record<string, unknown> = {},
): string {
  const input = `${encode({ alg, kid, ...more })}.${encode(claims)}`;
  const { hash, ...key } = signers[String(by)] as Signer;
  return `${input}.${sign(hash, Buffer.from(input), key).toString('base64url')}`;
}

describe('tokens of OpenID Connect issuers', () => {
  let directory: string;
  let issuer: TestIssuer;
  let authority: string;
  let clock: VirtualClock;
  let stopping: AbortController;
  let failures: number;
  let registry: MetricRegistry;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'coracle-jwt-'));
    const pair = await createServingPair();
    authority = pair.cert;
    issuer = await TestIssuer.start(pair);
  });
  after(async () => {
    await issuer.stop();
    await rm(directory, { recursive: true });
  });
  beforeEach(() => {
    clock = createVirtualClock();
    stopping = new AbortController();
    failures = 0;
    registry = new MetricRegistry();
    issuer.reset({ one: rsa.publicKey, two: p256.publicKey });
  });
  afterEach(() => stopping.abort());

  const claims = (more: object = {}) => {
    const now = clock.now() / 1000;
    return { iss: issuer.url, aud: 'kubernetes', sub: 'jane', exp: now + 60, iat: now, ...more };
  };
  const jwt = (more: object = {}, issuerMore: object = {}) => ({
    issuer: { url: issuer.url, certificateAuthority: authority, audiences: ['kubernetes'], ...issuerMore },
    claimMappings: { username: { claim: 'sub', prefix: '' } },
    ...more,
  });
  const write = async (jwts: readonly object[], more: object = {}) => {
    const configFile = join(directory, 'authentication.json');
    const head = { apiVersion: 'apiserver.config.k8s.io/v1', kind: 'AuthenticationConfiguration' };
    await writeFile(configFile, JSON.stringify({ ...head, jwt: jwts, ...more }));
    return { configFile };
  };
  const open = async (options: JwtOptions) => {
    const environment = { clock, log: { ...silentLogger, error: () => void failures++ } };
    const disallowedIssuers = ['https://kubernetes.default.svc'];
    const { authenticator } = await openJwtAuthentication(options, {
      environment,
      registry,
      disallowedIssuers,
      signal: stopping.signal,
    });
    return authenticator;
  };
  const openFile = async (...jwts: object[]) => open(await write(jwts));
  /** Who it is, or why it is nobody. Discovery goes on beside the test. */
  const ask = async (authenticator: TokenAuthenticator, token: string) => {
    for (;;) {
      try {
        const answer = await authenticator.authenticateToken(token, []);
        return answer === undefined ? 'nobody' : answer.user;
      } catch (error) {
        const why = textOfError(error);
        if (why !== 'oidc: authenticator not initialized') return why;
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
  };

  for (const alg of Object.keys(signers)) {
    it(
      alg === 'EdDSA' ? 'are not believed where EdDSA signed them' : `are believed where ${alg} signed them`,
      async () => {
        const keys = { rsa: rsa.publicKey, p256: p256.publicKey, p384: p384.publicKey, p521: p521.publicKey };
        issuer.reset({ ...keys, ed: ed25519.publicKey });
        const answer = await ask(await openFile(jwt()), issue(claims(), { alg, kid: '' }));
        if (alg === 'EdDSA') expect(answer).to.match(/signed with unsupported algorithm, expected .* got "EdDSA"/);
        else expect(answer).to.deep.equal({ username: 'jane', groups: [], extra: {} });
      },
    );
  }

  const refused: [name: string, token: () => string, why: string | RegExp][] = [
    [
      'are over',
      () => issue(claims({ exp: 1 })),
      'oidc: verify token: oidc: token is expired (Token Expiry: 1970-01-01 00:00:01 +0000 UTC)',
    ],
    ['have no end', () => issue(claims({ exp: undefined })), /token is expired \(Token Expiry: 0001-01-01/],
    ['begin later', () => issue(claims({ nbf: clock.now() / 1000 + 61 })), /before the nbf/],
    [
      'are for others',
      () => issue(claims({ aud: ['vault', 'x'] })),
      'oidc: verify token: oidc: expected audience "kubernetes" got ["vault" "x"]',
    ],
    ['are of another issuer', () => issue(claims({ iss: 'https://other.example' })), 'nobody'],
    [
      'are not signed',
      () => issue(claims(), { alg: 'none', by: 'RS256' }),
      /unsupported algorithm, expected .* got "none"/,
    ],
    ['are signed with a shared secret', () => issue(claims(), { alg: 'HS256', by: 'RS256' }), /got "HS256"/],
    [
      'are signed with another key',
      () => issue(claims(), { alg: 'ES256', kid: 'one' }),
      'oidc: verify token: failed to verify signature: failed to verify id token signature',
    ],
    [
      'say one algorithm and use another',
      () => issue(claims(), { alg: 'PS256', by: 'RS256' }),
      /failed to verify id token/,
    ],
    [
      'ask for more than is understood',
      () => issue(claims(), { crit: ['b64'], b64: false }),
      /failed to verify id token/,
    ],
    [
      'do not name a user',
      () => issue(claims({ sub: undefined })),
      'oidc: parse username claims "sub": claim not present',
    ],
    [
      'name a user that is no text',
      () => issue(claims({ sub: 7 })),
      'oidc: parse username claims "sub": json: cannot unmarshal number into Go value of type string',
    ],
    ['are none', () => 'a.b', 'nobody'],
  ];
  for (const [name, token, why] of refused) {
    it(`are not believed where they ${name}`, async () => {
      const answer = await ask(await openFile(jwt()), token());
      if (typeof why === 'string') expect(answer).to.equal(why);
      else expect(answer).to.match(why);
    });
  }

  it('are checked with keys that are fetched again for one that is not known', async () => {
    const authenticator = await openFile(jwt());
    await ask(authenticator, issue(claims()));
    await ask(authenticator, issue(claims()));
    expect(issuer.asked('/keys')).to.equal(1);
    issuer.keys = { new: p256.publicKey };
    expect(await ask(authenticator, issue(claims(), { alg: 'ES256', kid: 'new' }))).to.include({ username: 'jane' });
    expect(issuer.asked('/keys')).to.equal(2);
  });

  it('are checked with known keys only as long as the issuer says so', async () => {
    issuer.cacheControl = 'public, max-age=300';
    const authenticator = await openFile(jwt());
    const unknown = () => issue(claims(), { alg: 'ES256', kid: 'new' });
    await ask(authenticator, unknown());
    issuer.keys = { new: p256.publicKey };
    expect(await ask(authenticator, unknown())).to.match(/failed to verify id token signature/);
    await clock.advance(300_000);
    expect(await ask(authenticator, unknown())).to.include({ username: 'jane' });
  });

  it('are looked at once in ten seconds', async () => {
    const authenticator = await openFile(jwt());
    const token = issue(claims({ exp: clock.now() / 1000 + 5 }));
    expect(await ask(authenticator, token)).to.include({ username: 'jane' });
    issuer.keys = {};
    await clock.advance(9999);
    expect(await ask(authenticator, token)).to.include({ username: 'jane' });
    await clock.advance(1);
    expect(await ask(authenticator, token)).to.match(/token is expired/);
  });

  it('wait for an issuer that is not there yet', async () => {
    issuer.document = { issuer: 'https://other.example' };
    const authenticator = await openFile(jwt());
    const token = issue(claims());
    const early = Promise.resolve(authenticator.authenticateToken(token, [])).catch(textOfError);
    expect(await early).to.equal('oidc: authenticator not initialized');
    while (failures === 0) await new Promise((resolve) => setImmediate(resolve));
    issuer.document = {};
    await clock.advance(10_000);
    expect(await ask(authenticator, token)).to.include({ username: 'jane' });
  });

  it('may be discovered elsewhere', async () => {
    const url = 'https://issuer.example';
    issuer.document = { issuer: url };
    const discoveryURL = `${issuer.url}/.well-known/openid-configuration`;
    const authenticator = await openFile(jwt({}, { url, discoveryURL }));
    expect(await ask(authenticator, issue(claims({ iss: url })))).to.include({ username: 'jane' });
  });

  it('become users by claims', async () => {
    const claimMappings = {
      username: { claim: 'email', prefix: 'oidc:' },
      groups: { claim: 'teams', prefix: 'oidc:' },
      uid: { claim: 'sub' },
    };
    const authenticator = await openFile(jwt({ claimMappings }));
    const email = 'jane@example.com';
    expect(await ask(authenticator, issue(claims({ email, teams: ['a', 'b'], jti: 'x' })))).to.deep.equal({
      username: 'oidc:jane@example.com',
      groups: ['oidc:a', 'oidc:b'],
      uid: 'jane',
      extra: { 'authentication.kubernetes.io/credential-id': ['JTI=x'] },
    });
    const single = await ask(authenticator, issue(claims({ email, teams: 'a', email_verified: true })));
    expect(single).to.deep.include({ groups: ['oidc:a'] });
    const unverified = await ask(authenticator, issue(claims({ email, email_verified: false })));
    expect(unverified).to.equal('oidc: email not verified');
  });

  it('become users by expressions', async () => {
    const claimMappings = {
      username: { expression: "claims.sub + ':' + claims.acme__dot__com.team" },
      groups: { expression: "claims.roles.split(',')" },
      uid: { expression: 'string(int(claims.number))' },
      extra: [
        { key: 'acme.com/kind', valueExpression: 'type(claims.number) == double ? "double" : "int"' },
        { key: 'acme.com/none', valueExpression: '""' },
      ],
    };
    const authenticator = await openFile(jwt({ claimMappings }));
    const token = (more: object = {}) =>
      issue(claims({ 'acme.com': { team: 'red' }, roles: 'a,,b', number: 7, ...more }));
    expect(await ask(authenticator, token())).to.deep.equal({
      username: 'jane:red',
      groups: ['a', 'b'],
      uid: '7',
      extra: { 'acme.com/kind': ['double'] },
    });
    expect(await ask(authenticator, token({ roles: undefined }))).to.match(
      /^oidc: error evaluating group claim expression: expression 'claims.roles.split\(','\)' resulted in error: no such key: roles/,
    );
  });

  it('have to satisfy the rules', async () => {
    const authenticator = await openFile(
      jwt({
        claimValidationRules: [
          { claim: 'hd', requiredValue: 'acme.com' },
          { expression: 'claims.exp - claims.iat <= 3600', message: 'lives too long' },
        ],
        userValidationRules: [{ expression: "!user.username.startsWith('system:')", message: 'reserved' }],
      }),
    );
    const answer = (more: object) => ask(authenticator, issue(claims({ hd: 'acme.com', ...more })));
    expect(await answer({})).to.include({ username: 'jane' });
    expect(await answer({ hd: undefined })).to.equal('oidc: required claim hd not present in ID token');
    expect(await answer({ hd: 'x' })).to.match(/required claim hd value does not match. Got = x, want = acme.com/);
    expect(await answer({ iat: 1 })).to.match(/validation expression 'claims.exp - .* failed: lives too long$/);
    expect(await answer({ sub: 'system:admin' })).to.match(/user info validation rule: .* failed: reserved$/);
  });

  it('show their claims as fields, not as a map', async () => {
    const claimValidationRules = [{ expression: "'sub' in claims" }];
    expect(await ask(await openFile(jwt({ claimValidationRules })), issue(claims()))).to.match(/: no such overload$/);
    const within = [{ expression: "'team' in claims.acme && size(claims.acme) == 1" }];
    const token = issue(claims({ acme: { team: 'red' } }));
    expect(await ask(await openFile(jwt({ claimValidationRules: within })), token)).to.include({ username: 'jane' });
  });

  it('may say where their groups are', async () => {
    const claimMappings = { username: { claim: 'sub', prefix: '' }, groups: { claim: 'teams', prefix: 'g:' } };
    const authenticator = await openFile(jwt({ claimMappings }));
    let issued = 0;
    const token = (source: object) =>
      issue(claims({ serial: ++issued, _claim_names: { teams: 'there' }, _claim_sources: { there: source } }));
    const endpoint = `${issuer.url}/groups`;
    const answer = (source: object) => ask(authenticator, token(source));
    issuer.documents = { '/groups': issue(claims({ teams: ['a', 'b'] })) };
    const good = { endpoint, access_token: 'let-me' };
    let first = await answer(good);
    expect(first).to.match(/^oidc: could not expand distributed claims: .*verifier not initialized for issuer/);
    while (typeof first === 'string') first = await answer(good);
    expect(first).to.deep.include({ username: 'jane', groups: ['g:a', 'g:b'] });
    expect(await answer({ endpoint })).to.match(
      /while getting distributed claim "teams": .* claim JWT: 403 Forbidden$/,
    );
    issuer.documents = { '/groups': issue(claims({ teams: ['a'], aud: 'vault' })) };
    expect(await answer(good)).to.match(/verify distributed claim token: oidc: expected audience/);
    issuer.documents = { '/groups': issue(claims()) };
    expect(await answer(good)).to.match(/did not contain claim: teams$/);
    const lost = issue(claims({ _claim_names: { teams: 'there' }, _claim_sources: {} }));
    expect(await ask(authenticator, lost)).to.equal('oidc: verify token: oidc: source does not exist');
  });

  it('are described by flags, with kube-apiserver’s defaults', async () => {
    const caFile = join(directory, 'ca.pem');
    await writeFile(caFile, authority);
    const flags = { issuerUrl: issuer.url, clientId: 'kubernetes', caFile };
    const token = issue(claims({ teams: ['a'] }));
    const named = { username: `${issuer.url}#jane`, groups: [], extra: {} };
    expect(await ask(await open({ oidc: flags }), token)).to.deep.equal(named);
    const more = { usernamePrefix: '-', groupsClaim: 'teams', groupsPrefix: 'g:', requiredClaims: { sub: 'jane' } };
    expect(await ask(await open({ oidc: { ...flags, ...more } }), token)).to.deep.equal({
      username: 'jane',
      groups: ['g:a'],
      extra: {},
    });
    const elliptic = issue(claims(), { alg: 'ES256', kid: 'two' });
    expect(await ask(await open({ oidc: flags }), elliptic)).to.match(/expected \["RS256"\] got "ES256"/);
  });

  it('follow the file, once its new issuers can be asked', async () => {
    const waitUntil = async (holds: () => boolean) => {
      while (!holds()) await new Promise((resolve) => setImmediate(resolve));
    };
    const reloads = (status: string) => registry.text().includes(`reloads_total{status="${status}"} 1`);
    const authenticator = await openFile();
    const token = () => issue(claims());
    expect(await ask(authenticator, token())).to.equal('nobody');
    issuer.document = { issuer: 'https://other.example' };
    await write([jwt()]);
    await clock.advance(filePollMs);
    await waitUntil(() => failures === 1);
    await clock.advance(60_000);
    await waitUntil(() => reloads('failure'));
    expect(await ask(authenticator, token())).to.equal('nobody');
    issuer.document = {};
    await clock.advance(filePollMs);
    await waitUntil(() => reloads('success'));
    expect(await ask(authenticator, token())).to.include({ username: 'jane' });
  });

  const wrong: [name: string, config: () => object, message: string][] = [
    [
      'plain HTTP',
      () => jwt({}, { url: 'http://x' }),
      'jwt[0].issuer.url: Invalid value: "http://x": URL scheme must be https',
    ],
    [
      'this server as issuer',
      () => jwt({}, { url: 'https://kubernetes.default.svc' }),
      'URL must not overlap with disallowed issuers: [https://kubernetes.default.svc]',
    ],
    [
      'no audience',
      () => jwt({}, { audiences: [] }),
      'jwt[0].issuer.audiences: Required value: at least one jwt[0].issuer.audiences is required',
    ],
    [
      'several audiences without a policy',
      () => jwt({}, { audiences: ['a', 'b'] }),
      'audienceMatchPolicy must be MatchAny for multiple audiences',
    ],
    [
      'a claim without prefix',
      () => jwt({ claimMappings: { username: { claim: 'sub' } } }),
      'jwt[0].claimMappings.username.prefix: Required value: prefix is required when claim is set',
    ],
    [
      'a rule that is no condition',
      () => jwt({ claimValidationRules: [{ expression: 'claims.x' }] }),
      'jwt[0].claimValidationRules[0].expression: Invalid value: "claims.x": must evaluate to bool',
    ],
    [
      'an address that nobody verified',
      () => jwt({ claimMappings: { username: { expression: 'claims.email' } } }),
      'claims.email_verified must be used in claimMappings.username.expression',
    ],
    [
      'a reserved key',
      () =>
        jwt({
          claimMappings: {
            username: { claim: 'sub', prefix: '' },
            extra: [{ key: 'x.k8s.io/a', valueExpression: '"b"' }],
          },
        }),
      'k8s.io, kubernetes.io and their subdomains are reserved',
    ],
    [
      'no authority at all',
      () => jwt({}, { certificateAuthority: 'x' }),
      'jwt[0].issuer.certificateAuthority: Invalid value: "<omitted>"',
    ],
    ['a field that there is none', () => jwt({ nope: 1 }), 'unknown field "jwt[0].nope"'],
  ];
  for (const [name, config, message] of wrong) {
    it(`refuse ${name}`, async () => {
      const opened = await openFile(config()).catch((error: unknown) => textOfError(error));
      expect(opened).to.contain(message);
    });
  }
});
