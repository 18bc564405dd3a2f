import type { X509Certificate } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock, systemRandom } from '@coracle/apimachinery/clock';
import { silentLogger } from '@coracle/apimachinery/component';
import { ConfigMaps } from '@coracle/apimachinery/resources';
import { expect } from 'chai';
import type { ApiRequest } from '../http/api-request.ts';
import { MetricRegistry } from '../metrics/registry.ts';
import type { ApiServerOptions } from '../options.ts';
import { createMemoryStorage } from '../storage/index.ts';
import { startTestApiServer } from '../testing/index.ts';
import { createAuthentication } from './create-authentication.ts';
import { identityHeaderRemover, readRequestHeaderConfig, type RequestHeaderOptions } from './request-header.ts';
import { StaticReaders, TestCertificates } from './testing/index.ts';

const certificates = new TestCertificates();

describe('headers of proxies', () => {
  let directory: string;
  let clients: X509Certificate;
  let own: X509Certificate;
  let theirs: X509Certificate;
  let theirsFile: string;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'coracle-request-header-'));
    [clients, own, theirs] = [
      await certificates.create('clients'),
      await certificates.create('own'),
      await certificates.create('theirs'),
    ];
    theirsFile = join(directory, 'theirs.crt');
    await writeFile(theirsFile, String(theirs));
  });
  after(() => rm(directory, { recursive: true }));

  const optionsOf = (requestHeader: RequestHeaderOptions): ApiServerOptions => ({
    listen: { port: 0, tls: { certificate: '', key: '', clientAuthorities: [String(clients)] } },
    frontProxy: { authorities: String(own), allowedNames: ['own-proxy'] },
    authentication: { requestHeader },
  });
  const configOf = (requestHeader: RequestHeaderOptions, warn: (message: string) => void = () => {}) =>
    readRequestHeaderConfig(optionsOf(requestHeader), { ...silentLogger, warn });

  /** Who a request is from, or why that cannot be told. */
  const askedOf = async (requestHeader: RequestHeaderOptions) => {
    const options = optionsOf(requestHeader);
    const environment = { clock: systemClock, random: systemRandom, log: silentLogger };
    const context = { environment, options, readers: new StaticReaders(), signal: new AbortController().signal };
    const config = await readRequestHeaderConfig(options, silentLogger);
    const { authenticators } = await createAuthentication(context, new MetricRegistry(), config);
    return async (headers: Record<string, string>, shown: X509Certificate, ...intermediates: X509Certificate[]) => {
      const certificate = {
        commonName: shown.subject.slice(3),
        organizations: [],
        raw: shown.raw,
        expiresAt: 0,
        intermediates,
      };
      const request = { headers, peer: { address: '', certificate } } as unknown as ApiRequest;
      for (const authenticator of authenticators) {
        try {
          const answer = await authenticator.authenticate(request);
          if (answer !== undefined) return answer.user;
        } catch (error) {
          return (error as Error).message;
        }
      }
      return undefined;
    };
  };

  it('name the user where the settings say', async () => {
    const ask = await askedOf({
      clientCaFile: theirsFile,
      usernameHeaders: ['X-User', 'X-Remote-User'],
      groupHeaders: ['X-Remote-Group', 'X-Group'],
      extraHeaderPrefixes: ['X-Remote-Extra-', 'X-More-'],
    });
    const proxy = await certificates.create('their-proxy', 'theirs');
    expect(await ask({ 'x-remote-user': 'jane' }, proxy)).to.include({ username: 'jane' });
    const headers = {
      'x-user': 'joe',
      'x-remote-user': 'jane',
      'x-group': 'a',
      'x-remote-group': 'b',
      'x-more-team': 'c',
    };
    expect(await ask(headers, proxy)).to.deep.equal({ username: 'joe', groups: ['b', 'a'], extra: { team: ['c'] } });
  });

  it('count from names that are allowed', async () => {
    const ask = await askedOf({ clientCaFile: theirsFile, allowedNames: ['their-proxy'] });
    for (const [issuer, name] of [
      ['own', 'own-proxy'],
      ['theirs', 'their-proxy'],
    ] as const) {
      const proxy = await certificates.create(name, issuer);
      expect(await ask({ 'x-remote-user': 'jane' }, proxy)).to.include({ username: 'jane' });
    }
    const other = await certificates.create('other', 'theirs');
    expect(await ask({ 'x-remote-user': 'jane' }, other)).to.match(/cn=other is not in the allowed list/);
  });

  it('make nobody a user whose certificate is a proxy’s, by way of another authority as well', async () => {
    const ask = await askedOf({ clientCaFile: theirsFile });
    const between = await certificates.create('between', 'theirs', true);
    const behind = await certificates.create('behind', 'between');
    expect(await ask({ 'x-remote-user': 'jane' }, behind, between)).to.include({ username: 'jane' });
    expect(await ask({}, behind, between)).to.equal('x509: certificate signed by unknown authority');
    const client = await certificates.create('client', 'clients');
    expect(await ask({ 'x-remote-user': 'jane' }, client)).to.include({ username: 'client' });
    const belowClient = await certificates.create('below', 'client');
    expect(await ask({}, belowClient, client)).to.equal('x509: certificate signed by unknown authority');
  });

  it('go no further than here', async () => {
    expect(identityHeaderRemover((await configOf({ clientCaFile: theirsFile }))!)).to.equal(undefined);
    const strip = identityHeaderRemover(
      (await configOf({ usernameHeaders: ['X-User'], extraHeaderPrefixes: ['X-More-'] }))!,
    );
    const request = { headers: { 'x-user': 'joe', 'x-more-team': 'c', accept: '*/*' } } as unknown as ApiRequest;
    expect(strip?.(request).headers).to.deep.equal({ accept: '*/*' });
  });

  it('are told to aggregated servers, beside what is there', async () => {
    const storage = createMemoryStorage({ clock: systemClock });
    const shared = async (requestHeader: RequestHeaderOptions) => {
      const { listen: _, ...options } = optionsOf(requestHeader);
      await using started = await startTestApiServer({ dependencies: { storage }, options });
      const key = { namespace: 'kube-system', name: 'extension-apiserver-authentication' };
      return (await started.client.get(ConfigMaps, key)).data ?? {};
    };
    await shared({});
    const data = await shared({ clientCaFile: theirsFile, allowedNames: ['x'], usernameHeaders: ['X-User'] });
    await storage.close();
    expect(data).to.deep.equal({
      'requestheader-username-headers': '["X-Remote-User","X-User"]',
      'requestheader-uid-headers': '["X-Remote-Uid"]',
      'requestheader-group-headers': '["X-Remote-Group"]',
      'requestheader-extra-headers-prefix': '["X-Remote-Extra-"]',
      'requestheader-client-ca-file': `${own}${theirs}`,
      'requestheader-allowed-names': '["own-proxy","x"]',
    });
  });

  it('are refused as kube-apiserver refuses them', async () => {
    const refusal = (options: RequestHeaderOptions) => configOf(options).then(String, (error: Error) => error.message);
    expect(await refusal({ groupHeaders: ['X-Remote-Group', ' '] })).to.equal(
      'empty value in "requestheader-group-headers"',
    );
    expect(await refusal({ allowedNames: [''] })).to.equal('empty value in "requestheader-allowed-names"');
    expect(await refusal({ uidHeaders: ['X-Uid'] })).to.match(/without specifying the standard X-Remote-Uid header/);
    await writeFile(join(directory, 'empty'), '');
    expect(await refusal({ clientCaFile: join(directory, 'empty') })).to.match(/empty: holds no certificate in PEM/);
    await writeFile(join(directory, 'clients'), String(clients));
    expect(await refusal({ clientCaFile: join(directory, 'clients') })).to.match(/allowed-names must be specified/);
  });

  it('may lack the standard ones, with a warning', async () => {
    const warnings: string[] = [];
    await configOf({ usernameHeaders: ['X-User'], groupHeaders: ['x-remote-group'] }, (message) =>
      warnings.push(message),
    );
    expect(warnings).to.have.length(1);
    expect(warnings[0]).to.match(/username-headers is set without specifying the standard X-Remote-User header/);
  });
});
