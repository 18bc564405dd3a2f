import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import {
  ApiCaller,
  eventually,
  post,
  referenceObstacle,
  type ServerPair,
  skipBecause,
  startServerPair,
} from '../support/index.ts';
import { policyObjects } from './audited-policies.ts';

const configMaps = '/api/v1/namespaces/default/configmaps';
const failures = 'validation.policy.admission.k8s.io/validation_failure';

interface Event {
  readonly stage: string;
  readonly verb: string;
  readonly requestURI: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** What is done, and how it is answered. Each has a path of its own, by which it is found in the log. */
const deeds: readonly [what: string, code: number, body?: object | undefined, headers?: Record<string, string>][] = [
  ['POST ?deed=fails', 201, { metadata: { name: 'fails' }, data: {} }],
  ['POST ?deed=fails-partly', 201, { metadata: { name: 'fails-partly' }, data: { x: '1' } }],
  ['POST ?deed=passes', 201, { metadata: { name: 'passes' }, data: { x: '1', y: '1' } }],
  ['POST ?deed=broken', 422, { metadata: { name: 'broken' }, data: { x: '1', y: '1' } }],
  ['PUT /passes?deed=update', 200, { metadata: { name: 'passes' }, data: { x: '2', y: '1' } }],
  ['DELETE /passes?deed=delete', 200],
  ['GET ?deed=forbidden', 403, undefined, { 'impersonate-user': 'nobody' }],
];

describe('annotations of the audit log', () => {
  let directory: string;
  let servers: ServerPair | undefined;
  const log = (server: string) => join(directory, `${server}.log`);

  before(async function () {
    skipBecause(this, referenceObstacle());
    directory = await mkdtemp(join(tmpdir(), 'coracle-audit-'));
    const policyFile = join(directory, 'policy');
    const rules = [{ level: 'Metadata', resources: [{ group: '', resources: ['configmaps'] }] }, { level: 'None' }];
    await writeFile(policyFile, JSON.stringify({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', rules }));
    const size = { maxAgeDays: 1, maxBackups: 1, maxSizeMebibytes: 10 };
    servers = await startServerPair([`--audit-policy-file=${policyFile}`, `--audit-log-path=${log('reference')}`], {
      audit: { policyFile, log: { path: log('own'), ...size } },
    });
  });
  after(async () => {
    await servers?.[Symbol.asyncDispose]();
    if (directory !== undefined) await rm(directory, { recursive: true });
  });

  it('are the same as kube-apiserver’s, all failures of a request under one key', async () => {
    const { own, reference } = servers as ServerPair;
    for (const server of [own, reference]) {
      using admin = new ApiCaller({ url: server.url, pki: own.keys.pki });
      await prepare(admin);
      for (const [what, code, body, headers = {}] of deeds) {
        const [method = '', path = ''] = what.split(' ');
        const answer = await admin.call(`${configMaps}${path}`, { method, headers, ...(body && { body }) });
        expect([what, answer.status]).to.deep.equal([what, code]);
      }
    }
    const ours = await annotationsIn(log('own'));
    expect(ours).to.deep.equal(await annotationsIn(log('reference')));
    expect(ours.map(([, annotations]) => (annotations[failures] as unknown[] | undefined)?.length)).to.deep.equal([
      4,
      2,
      undefined,
      undefined,
      2,
      undefined,
      undefined,
    ]);
  });
});

async function prepare(admin: ApiCaller): Promise<void> {
  for (const [path, body] of policyObjects) await post(admin, path, body);
  // The last policy denies a name: once it is in force, all are.
  await eventually(async () => {
    const body = { metadata: { name: 'in-force' }, data: {} };
    const { status } = await admin.call(`${configMaps}?dryRun=All`, { method: 'POST', body });
    if (status !== 422) throw new Error(`the policies are not in force: ${status}`);
  });
}

/** By deed; what has no order upstream is sorted. */
async function annotationsIn(path: string): Promise<[uri: string, annotations: Record<string, unknown>][]> {
  const events = (await readFile(path, 'utf8'))
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Event)
    .filter(({ stage, requestURI }) => stage === 'ResponseComplete' && requestURI.includes('deed='));
  return events.map(({ requestURI, annotations = {} }) => {
    const shown: Record<string, unknown> = { ...annotations };
    const { [failures]: failed, 'teams.example/team': team } = annotations;
    if (failed !== undefined)
      shown[failures] = (JSON.parse(failed) as object[]).map((each) => JSON.stringify(each)).toSorted();
    if (team !== undefined) shown['teams.example/team'] = team.split(', ').toSorted();
    return [requestURI, shown];
  });
}
