import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@coracle/apiserver/testing';
import { expect } from 'chai';
import {
  advertiseAddress,
  createReferenceKeys,
  referenceObstacle,
  runProgram,
  skipBecause,
  startOwnApiServer,
  upstreamProgram,
} from '../support/index.ts';
import { badAuthenticators } from './bad-authenticators.ts';

describe('an AuthenticationConfiguration with much wrong in it', () => {
  let directory: string;
  let configFile: string;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'coracle-findings-'));
    configFile = join(directory, 'authentication');
    const head = { apiVersion: 'apiserver.config.k8s.io/v1', kind: 'AuthenticationConfiguration' };
    const anonymous = { enabled: false, conditions: [{ path: '/livez' }] };
    await writeFile(configFile, JSON.stringify({ ...head, jwt: badAuthenticators(), anonymous }));
  });
  after(() => rm(directory, { recursive: true }));

  it('is refused with the same findings as by kube-apiserver', async function () {
    const own = await startOwnApiServer({ access: { authentication: { configFile } } }).catch((error: Error) => error);
    const findings = own instanceof Error ? (own.message.split(' is invalid: ')[1] ?? '') : 'none';
    expect(findings.split(/, (?=jwt|anonymous)/)).to.have.length(62);
    skipBecause(this, referenceObstacle());
    expect(findings).to.equal(await findingsOfReference());
  });

  async function findingsOfReference(): Promise<string> {
    const keys = await createReferenceKeys();
    const key = join(keys.directory, 'sa.key');
    const { stderr } = await runProgram(upstreamProgram('kube-apiserver'), [
      ...[`--authentication-config=${configFile}`, `--secure-port=${await freePort()}`, '--bind-address=127.0.0.1'],
      ...[`--advertise-address=${advertiseAddress}`, '--etcd-servers=http://127.0.0.1:1', `--cert-dir=${directory}`],
      ...[`--service-account-key-file=${key}`, `--service-account-signing-key-file=${key}`],
      '--service-account-issuer=https://kubernetes.default.svc',
    ]);
    await rm(keys.directory, { recursive: true });
    const message = stderr.split('invalid authentication configuration: ')[1] ?? stderr;
    // A log line over several lines is indented, and ends with one of its own.
    return message.replaceAll('\n\t', '\n').replace(/\n >\n$/, '');
  }
});
