import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@coracle/apimachinery/component';
import { Nodes, Pods, Secrets, ServiceAccounts } from '@coracle/apimachinery/resources';
import { createSeededRandom, createVirtualClock, type VirtualClock } from '@coracle/client/testing';
import { expect } from 'chai';
import type { ApiRequest } from '../http/api-request.ts';
import { MetricRegistry } from '../metrics/registry.ts';
import type { ApiServerOptions } from '../options.ts';
import type { Authentication } from './authenticator.ts';
import { type AuthenticationParts, createAuthentication } from './create-authentication.ts';
import { StaticReaders } from './testing/index.ts';
import { parseToken, signToken, VerifyingKey } from './tokens/json-web-token.ts';
import { openIdConfiguration, openIdKeys, type ServiceAccountKeys } from './tokens/service-account-keys.ts';

const pair = (type: 'ec' | 'rsa') => {
  const { privateKey } =
    type === 'ec'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { key: privateKey, pem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
};
const issuer = 'https://kubernetes.default.svc';
const account = { metadata: { name: 'robot', namespace: 'ci', uid: 'sa-1' } };
const pod = { metadata: { name: 'p', namespace: 'ci', uid: 'pod-1' } };

describe('authentication', () => {
  let clock: VirtualClock;
  let readers: StaticReaders;
  let parts: AuthenticationParts;
  const signing = pair('ec');
  const older = pair('rsa');

  beforeEach(async () => {
    clock = createVirtualClock();
    readers = new StaticReaders();
    readers.set(ServiceAccounts, account);
    readers.set(Pods, pod);
    readers.set(Nodes, { metadata: { name: 'n', uid: 'node-1' } });
    parts = await create({});
  });

  const create = (options: ApiServerOptions) => {
    const environment = { clock, random: createSeededRandom(1), log: silentLogger };
    const serviceAccounts = { issuer, signingKey: signing.pem, verifyingKeys: [older.pem] };
    const { signal } = new AbortController();
    const context = { environment, options: { serviceAccounts, ...options }, readers, signal };
    return createAuthentication(context, new MetricRegistry());
  };
  const ask = async (headers: Record<string, string>, peer: ApiRequest['peer'] = { address: '' }, path = '/') => {
    for (const authenticator of parts.authenticators) {
      const request = { method: 'GET', path, query: new URLSearchParams(), headers, peer };
      const answer = await authenticator.authenticate(request as unknown as ApiRequest);
      if (answer !== undefined) return answer;
    }
    return undefined;
  };
  const withToken = (token: string) => ask({ authorization: `Bearer ${token}` });
  const failureOf = (promise: Promise<Authentication | undefined>) =>
    promise.then(
      (answer) => `let in as ${answer?.user.username}`,
      (error: Error) => error.message,
    );
  const issue = (more: object = {}) => {
    const now = clock.now() / 1000;
    const claims = {
      namespace: 'ci',
      serviceAccount: { name: 'robot', uid: 'sa-1' },
      audiences: [issuer],
      issuedAt: now,
      expiresAt: now + 600,
    };
    return (parts.keys as ServiceAccountKeys).issue({ ...claims, ...more });
  };

  it('knows a service account by its token, and what the token is bound to', async () => {
    const answer = await withToken(issue({ pod: { name: 'p', uid: 'pod-1' }, node: { name: 'n', uid: 'node-1' } }));
    expect(answer?.user.username).to.equal('system:serviceaccount:ci:robot');
    expect(answer?.user.uid).to.equal('sa-1');
    expect(answer?.user.groups).to.deep.equal([
      'system:serviceaccounts',
      'system:serviceaccounts:ci',
      'system:authenticated',
    ]);
    expect(answer?.user.extra).to.deep.include({
      'authentication.kubernetes.io/pod-name': ['p'],
      'authentication.kubernetes.io/pod-uid': ['pod-1'],
      'authentication.kubernetes.io/node-name': ['n'],
      'authentication.kubernetes.io/node-uid': ['node-1'],
    });
    expect(answer?.user.extra['authentication.kubernetes.io/credential-id']?.[0]).to.match(/^JTI=/);
  });

  it('refuses a token that is over, not for us, or forged', async () => {
    const good = issue();
    expect(await failureOf(withToken(issue({ audiences: ['vault'] })))).to.match(/token audiences/);
    expect(await failureOf(withToken(`${good.slice(0, -4)}AAAA`))).to.match(/error in cryptographic primitive/);
    const { claims } = parseToken(good) as { claims: object };
    const stranger = pair('ec');
    const forged = signToken(stranger.key, new VerifyingKey(stranger.pem), claims);
    expect(await failureOf(withToken(forged))).to.match(/error in cryptographic primitive/);
    expect(await failureOf(withToken('what.is.this'))).to.equal('invalid bearer token');
    await clock.advance(600_000 + 61_000);
    expect(await failureOf(withToken(good))).to.equal('[invalid bearer token, service account token has expired]');
  });

  it('believes an older key, RSA as well', async () => {
    const { claims } = parseToken(issue()) as { claims: object };
    const token = signToken(older.key, new VerifyingKey(older.pem), claims);
    expect((await withToken(token))?.user.username).to.equal('system:serviceaccount:ci:robot');
  });

  it('lets a token die with its account or its pod', async () => {
    const bound = issue({ pod: { name: 'p', uid: 'pod-1' } });
    expect(await failureOf(withToken(bound))).to.equal('let in as system:serviceaccount:ci:robot');
    readers.set(Pods, { metadata: { ...pod.metadata, uid: 'pod-2' } });
    expect(await failureOf(withToken(bound))).to.match(/pod UID \(pod-2\) does not match/);
    readers.remove(Pods, pod);
    expect(await failureOf(withToken(bound))).to.match(/has been invalidated/);
    readers.remove(ServiceAccounts, account);
    expect(await failureOf(withToken(issue()))).to.match(/serviceaccounts "robot" not found/);
  });

  it('issues tokens, those of pods for longer than they are asked for', async () => {
    const claims = { namespace: 'ci', serviceAccount: { name: 'robot', uid: 'sa-1' }, audiences: [] };
    const short = await parts.issueToken?.({ ...claims, expirationSeconds: 600 });
    expect(short).to.deep.include({ audiences: [issuer], expirationTimestamp: '2026-01-01T00:10:00Z' });
    const podToken = await parts.issueToken?.({ ...claims, expirationSeconds: 3607, pod: { name: 'p', uid: 'pod-1' } });
    expect(podToken?.expirationTimestamp).to.equal('2026-01-01T01:00:07Z');
    await clock.advance(3600_000 * 3);
    expect(await failureOf(withToken(short?.token ?? ''))).to.match(/expired/);
    expect(await failureOf(withToken(podToken?.token ?? ''))).to.match(/^let in/);
  });

  it('reviews tokens for other audiences', async () => {
    const answer = await parts.tokens.authenticate(issue({ audiences: ['vault', 'x'] }), ['vault']);
    expect(answer?.audiences).to.deep.equal(['vault']);
    expect(await parts.tokens.authenticate('nonsense', ['vault'])).to.equal(undefined);
  });

  it('knows bootstrap tokens until they expire', async () => {
    const encode = (value: string) => Buffer.from(value).toString('base64');
    readers.set(Secrets, {
      type: 'bootstrap.kubernetes.io/token',
      metadata: { name: 'bootstrap-token-abcdef', namespace: 'kube-system' },
      data: {
        'token-id': encode('abcdef'),
        'token-secret': encode('0123456789abcdef'),
        'usage-bootstrap-authentication': encode('true'),
        'auth-extra-groups': encode('system:bootstrappers:nodes'),
        expiration: encode(new Date(clock.now() + 1000).toISOString()),
      },
    } as object);
    const answer = await withToken('abcdef.0123456789abcdef');
    expect(answer?.user).to.deep.include({
      username: 'system:bootstrap:abcdef',
      groups: ['system:bootstrappers', 'system:bootstrappers:nodes', 'system:authenticated'],
    });
    expect(await failureOf(withToken('abcdef.0000000000000000'))).to.equal('invalid bearer token');
    await clock.advance(2000);
    expect(await failureOf(withToken('abcdef.0123456789abcdef'))).to.equal('invalid bearer token');
  });

  it('takes name and groups from a client certificate', async () => {
    const certificate = { commonName: 'alice', organizations: ['devs'], raw: new Uint8Array([1]), expiresAt: 0 };
    const answer = await ask({}, { address: '', certificate });
    expect(answer?.user).to.deep.include({ username: 'alice', groups: ['devs', 'system:authenticated'] });
    expect(await ask({}, { address: '', certificate })).to.equal(answer);
  });

  it('calls everybody else anonymous', async () => {
    expect((await ask({}))?.user).to.deep.equal({
      username: 'system:anonymous',
      groups: ['system:unauthenticated'],
      extra: {},
    });
  });

  it('calls nobody anonymous where that is not wanted', async () => {
    for (const options of [
      { authentication: { anonymous: false } },
      { authorization: { modes: ['AlwaysAllow'] } },
    ] satisfies ApiServerOptions[]) {
      parts = await create(options);
      expect(await ask({})).to.equal(undefined);
    }
  });

  it('calls everybody else anonymous on the paths that the file names', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'coracle-authentication-'));
    const configFile = join(directory, 'authentication.yaml');
    await writeFile(
      configFile,
      `{apiVersion: apiserver.config.k8s.io/v1beta1, kind: AuthenticationConfiguration,
        anonymous: {enabled: true, conditions: [{path: /livez}]}}`,
    );
    parts = await create({ authentication: { configFile } });
    expect((await ask({}, undefined, '/livez'))?.user.username).to.equal('system:anonymous');
    expect(await ask({}, undefined, '/livez/ping')).to.equal(undefined);
    const both = create({ authentication: { configFile, anonymous: true } });
    expect(await both.catch((error: Error) => error.message)).to.match(/anonymous: Forbidden: --anonymous-auth is set/);
    await rm(directory, { recursive: true });
  });

  it('publishes what others need to check tokens', async () => {
    const keys = parts.keys as ServiceAccountKeys;
    expect(openIdConfiguration(keys, `${issuer}/openid/v1/jwks`)).to.deep.include({
      issuer,
      id_token_signing_alg_values_supported: ['ES256', 'RS256'],
    });
    const { keys: published } = openIdKeys(keys) as { keys: { kid: string; kty: string; alg: string }[] };
    expect(published.map(({ kty, alg }) => `${kty} ${alg}`)).to.deep.equal(['EC ES256', 'RSA RS256']);
    expect(parseToken(issue())?.header.kid).to.equal(published[0]?.kid);
  });
});
