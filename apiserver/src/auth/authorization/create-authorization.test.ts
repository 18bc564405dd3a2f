import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { createSeededRandom, createVirtualClock } from '@coracle/client/testing';
import { silentLogger } from '@coracle/apimachinery/component';
import { textOfError } from '@coracle/apimachinery/errors';
import { expect } from 'chai';
import { MetricRegistry } from '../../metrics/registry.ts';
import { StaticReaders } from '../testing/index.ts';
import { createAuthorization } from './create-authorization.ts';
import type { AuthorizationOptions } from './options.ts';

const question = {
  verb: 'get',
  isResourceRequest: false,
  namespace: '',
  apiGroup: '',
  apiVersion: '',
  resource: '',
  subresource: '',
  name: '',
  path: '/x',
};
const as = (username: string, ...groups: string[]) => ({ ...question, user: { username, groups, extra: {} } });

describe('authorization by configuration', () => {
  let directory: string;
  let path: string;
  const stop = new AbortController();
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'coracle-authorization-'));
    path = join(directory, 'authorization.yaml');
    await writeFile(
      join(directory, 'hook'),
      JSON.stringify({ clusters: [{ cluster: { server: 'http://127.0.0.1:1' } }] }),
    );
  });
  after(async () => {
    stop.abort();
    await rm(directory, { recursive: true });
  });

  const configuration = (...authorizers: object[]) =>
    JSON.stringify({ apiVersion: 'apiserver.config.k8s.io/v1', kind: 'AuthorizationConfiguration', authorizers });
  const webhook = (more: object = {}) => ({
    type: 'Webhook',
    name: 'hook',
    webhook: {
      timeout: '3s',
      subjectAccessReviewVersion: 'v1',
      failurePolicy: 'NoOpinion',
      connectionInfo: { type: 'KubeConfigFile', kubeConfigFile: join(directory, 'hook') },
      ...more,
    },
  });
  const [allow, deny] = ['AlwaysAllow', 'AlwaysDeny'].map((type) => ({ type, name: type.toLowerCase() }));

  const open = async (options: AuthorizationOptions, content?: string) => {
    if (content !== undefined) await writeFile(path, content);
    const clock = createVirtualClock();
    const registry = new MetricRegistry();
    const environment = { clock, log: silentLogger, random: createSeededRandom(1) };
    const security = { environment, options: {}, readers: new StaticReaders(), signal: stop.signal };
    const { authorizer, usesRoles } = await createAuthorization(security, registry, options);
    return { authorizer, usesRoles, clock, registry };
  };

  it('is Node and RBAC, as kubeadm has it, where nothing is said', async () => {
    const { authorizer, usesRoles } = await open({});
    expect(usesRoles).to.equal(true);
    const admin = await authorizer.authorize(as('a', 'system:masters'));
    expect([admin, await authorizer.authorize(as('a'))].map(({ decision }) => decision)).to.deep.equal([
      'allow',
      'no-opinion',
    ]);
  });

  it('asks the modes in order, and counts who decided', async () => {
    const { authorizer, usesRoles, registry } = await open({ modes: ['AlwaysDeny', 'AlwaysAllow'] });
    expect(await authorizer.authorize(as('a'))).to.deep.equal({ decision: 'allow', reason: '' });
    expect(usesRoles).to.equal(false);
    expect(registry.text()).to.include(
      'apiserver_authorization_decisions_total{type="AlwaysAllow",name="alwaysallow",decision="allowed"} 1',
    );
  });

  /** Rewrites the file; the metrics once the change was seen. The file is read for real, so time passes until it was. */
  const change = async ({ clock, registry }: Awaited<ReturnType<typeof open>>, content: string) => {
    await writeFile(path, content);
    while (!registry.text().includes('automatic_reloads_total')) {
      await clock.advance(10_000);
      await setImmediate();
    }
    return registry.text();
  };

  it('follows its file', async () => {
    const opened = await open({ configFile: path }, configuration(deny as object));
    const webhooks = configuration(webhook({ failurePolicy: 'Deny' }), deny as object);
    expect(await change(opened, webhooks)).to.match(/reloads_total\{status="success"\} 1/);
    expect(await opened.authorizer.authorize(as('a'))).to.have.property('decision', 'deny');
  });

  it('leaves what is in force where other types than webhooks change', async () => {
    const opened = await open({ configFile: path }, configuration(deny as object));
    expect(await change(opened, configuration(allow as object))).to.match(/reloads_total\{status="failure"\} 1/);
    const { reason } = await opened.authorizer.authorize(as('a'));
    expect(reason).to.equal('alwaysdeny: Everything is forbidden.');
  });

  const refused: [what: string, authorizers: () => object[], message: string][] = [
    ['nobody', () => [], 'authorizers: Required value: at least one authorization mode must be defined'],
    ['an unknown type', () => [{ type: 'Rbac', name: 'a' }], 'authorizers[0].type: Unsupported value: "Rbac"'],
    ['a type twice', () => [allow, allow] as object[], 'authorizers[1].type: Duplicate value: "AlwaysAllow"'],
    ['a name of its own', () => [{ type: 'RBAC', name: 'mine' }], 'the name of type RBAC is rbac'],
    ['a webhook twice', () => [webhook(), webhook()], 'authorizers[1].name: Duplicate value: "hook"'],
    ['a webhook without settings', () => [{ type: 'Webhook', name: 'a' }], 'authorizers[0].webhook: Required value'],
    ['settings of another type', () => [{ ...allow, webhook: webhook().webhook }], 'authorizers[0].webhook: Invalid'],
    ['no timeout', () => [webhook({ timeout: undefined })], 'webhook.timeout: Required value'],
    ['a long timeout', () => [webhook({ timeout: '31s' })], 'webhook.timeout: Invalid value: "31s": must be > 0s'],
    ['a version', () => [webhook({ subjectAccessReviewVersion: 'v2' })], 'subjectAccessReviewVersion: Unsupported'],
    ['a policy', () => [webhook({ failurePolicy: 'Ignore' })], 'failurePolicy: Unsupported value: "Ignore"'],
    ['itself', () => [webhook({ connectionInfo: { type: 'InClusterConfig' } })], 'connectionInfo.type: Invalid value'],
    [
      'a relative file',
      () => [webhook({ connectionInfo: { type: 'KubeConfigFile', kubeConfigFile: 'hook' } })],
      'connectionInfo.kubeConfigFile: Invalid value: "hook": must be an absolute path',
    ],
    [
      'a file that is not there',
      () => [webhook({ connectionInfo: { type: 'KubeConfigFile', kubeConfigFile: '/none' } })],
      'authorizers[0].webhook.connectionInfo.kubeConfigFile: Invalid value: "/none": /none: cannot be read: ENOENT',
    ],
    [
      'conditions without a version',
      () => [webhook({ matchConditions: [{ expression: 'true' }] })],
      'matchConditionSubjectAccessReviewVersion: Required value: required if match conditions are specified',
    ],
    [
      'a condition that is no bool',
      () => [webhook({ matchConditions: [{ expression: 'request.user' }] })],
      'matchConditions[0].expression: Invalid value: "request.user": must evaluate to bool but got string',
    ],
    [
      'a condition on what is not there',
      () => [webhook({ matchConditions: [{ expression: "request.time == ''" }] })],
      "undefined field 'time'",
    ],
  ];
  for (const [what, authorizers, message] of refused) {
    it(`refuses ${what}, and names file and field`, async () => {
      const told = await open({ configFile: path }, configuration(...authorizers())).then(String, textOfError);
      expect(told).to.include(path).and.include(message);
    });
  }
});
