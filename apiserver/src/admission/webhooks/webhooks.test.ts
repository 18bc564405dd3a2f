import {
  ConfigMaps,
  Deployments,
  MutatingWebhookConfigurations,
  Namespaces,
  Pods,
  ValidatingWebhookConfigurations,
} from '@coracle/apimachinery/resources';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import type { AdmissionRequest, AdmissionResponse } from '@coracle/apimachinery/types/admission-v1';
import type { VirtualClock } from '@coracle/client/testing';
import { expect } from 'chai';
import type { WebhookClient } from '../../webhooks/index.ts';
import { runAdmission, testAdmissionContext, type TestWrite, writeOf } from '../testing/index.ts';
import { mutatingWebhooks } from './mutating.ts';
import type { Hook } from './types.ts';
import { validatingWebhooks } from './validating.ts';

type Answer = Partial<AdmissionResponse> | Error;

const hook = (name: string, more: Partial<Hook> = {}): Hook => ({
  name,
  clientConfig: { url: `https://${name}` },
  rules: [{ operations: ['*'], apiGroups: ['*'], apiVersions: ['*'], resources: ['*'], scope: '*' }],
  sideEffects: 'None',
  admissionReviewVersions: ['v1'],
  failurePolicy: 'Fail',
  ...more,
});
const setLabel = (key: string) =>
  Buffer.from(JSON.stringify([{ op: 'add', path: `/metadata/labels/${key}`, value: 'yes' }])).toString('base64');
const configMap = (more: object = {}): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'c', namespace: 'ns', labels: {}, ...more },
});

describe('webhooks', () => {
  let context: ReturnType<typeof testAdmissionContext>;
  let asked: { name: string; request: AdmissionRequest }[];
  let answers: Record<string, (request: AdmissionRequest) => Answer>;

  const client: WebhookClient = {
    async call({ config, body }) {
      const { request, apiVersion } = JSON.parse(body) as { request: AdmissionRequest; apiVersion: string };
      const name = (config.url ?? '').slice('https://'.length);
      asked.push({ name, request });
      const answer = answers[name]?.(request) ?? { allowed: true };
      if (answer instanceof Error) throw answer;
      return { kind: 'AdmissionReview', apiVersion, response: { uid: request.uid, ...answer } };
    },
    close() {},
  };

  beforeEach(() => {
    context = testAdmissionContext();
    asked = [];
    answers = {};
    context.readers.set(Namespaces, { metadata: { name: 'ns', labels: { team: 'a' } } });
  });

  const run = async (
    kind: 'mutating' | 'validating',
    hooks: Hook[],
    write: TestWrite = { resource: ConfigMaps, object: configMap() },
  ) => {
    const resource = kind === 'mutating' ? MutatingWebhookConfigurations : ValidatingWebhookConfigurations;
    context.readers.set(resource, { metadata: { name: 'config' }, webhooks: hooks } as KubernetesObject);
    const plugin = kind === 'mutating' ? mutatingWebhooks(context, client) : validatingWebhooks(context, client);
    return runAdmission(plugin, write).catch((error: Error) => error);
  };
  const names = () => asked.map(({ name }) => name);

  it('tells how long the hooks had the request: one after the other, or all at once', async () => {
    const slow: WebhookClient = {
      ...client,
      async call(request) {
        await (context.environment.clock as VirtualClock).advance(1000);
        return client.call(request);
      },
    };
    for (const resource of [MutatingWebhookConfigurations, ValidatingWebhookConfigurations]) {
      const webhooks = [hook('a'), hook('b')];
      context.readers.set(resource, { metadata: { name: 'config' }, webhooks } as KubernetesObject);
    }
    let waitedMs = 0;
    const waited = (milliseconds: number) => void (waitedMs += milliseconds);
    const attributes = { ...writeOf({ resource: ConfigMaps, object: configMap() }), waited };
    await mutatingWebhooks(context, slow).admit?.(attributes);
    expect(waitedMs).to.equal(2000);
    await validatingWebhooks(context, slow).validate?.(attributes);
    expect(waitedMs).to.equal(3000);
  });

  it('shows the hook the request', async () => {
    await run('validating', [hook('a')], {
      resource: ConfigMaps,
      operation: 'UPDATE',
      object: configMap(),
      old: configMap({ labels: { old: 'x' } }),
    });
    expect(asked[0]?.request).to.deep.include({
      kind: { group: '', version: 'v1', kind: 'ConfigMap' },
      resource: { group: '', version: 'v1', resource: 'configmaps' },
      name: 'c',
      namespace: 'ns',
      operation: 'UPDATE',
      dryRun: false,
      userInfo: { username: 'alice', groups: ['system:authenticated'] },
      object: configMap(),
      oldObject: configMap({ labels: { old: 'x' } }),
    });
  });

  it('refuses in the words of the hook', async () => {
    answers['a'] = () => ({ allowed: false, status: { code: 403, reason: 'Forbidden', message: 'not today' } });
    const refused = await run('validating', [hook('a')]);
    expect(refused).to.include({
      message: 'admission webhook "a" denied the request: not today',
      code: 403,
      reason: 'Forbidden',
    });
    answers['a'] = () => ({ allowed: false });
    expect(await run('validating', [hook('a')])).to.include({
      message: 'admission webhook "a" denied the request without explanation',
      code: 400,
    });
  });

  it('does what the failure policy says when a hook cannot be asked', async () => {
    answers['a'] = () => new Error('Post "https://a": connection refused');
    expect(await run('validating', [hook('a', { failurePolicy: 'Ignore' })])).to.not.be.instanceOf(Error);
    expect(await run('validating', [hook('a')])).to.include({
      message:
        'Internal error occurred: failed calling webhook "a": failed to call webhook: Post "https://a": connection refused',
      code: 500,
    });
  });

  it('applies patches one after the other, and shows the result to who wants to see it again', async () => {
    answers['a'] = ({ object }) => {
      const labels = (object as KubernetesObject).metadata?.labels ?? {};
      return { allowed: true, patchType: 'JSONPatch', patch: setLabel(labels['b'] ? 'a2' : 'a') };
    };
    answers['b'] = () => ({ allowed: true, patchType: 'JSONPatch', patch: setLabel('b') });
    const object = await run('mutating', [hook('a', { reinvocationPolicy: 'IfNeeded' }), hook('b')]);
    expect((object as KubernetesObject).metadata?.labels).to.deep.equal({ a: 'yes', b: 'yes', a2: 'yes' });
    expect(names()).to.deep.equal(['a', 'b', 'a']);
  });

  it('asks nobody with side effects in a dry run', async () => {
    const write = { resource: ConfigMaps, object: configMap(), dryRun: true };
    expect(await run('validating', [hook('a', { sideEffects: 'Some' })], write)).to.include({
      message: 'admission webhook "a" does not support dry run',
      code: 400,
    });
    expect(await run('validating', [hook('a', { sideEffects: 'NoneOnDryRun' })], write)).to.not.be.instanceOf(Error);
  });

  it('asks only where all conditions hold', async () => {
    const skip = [{ name: 'not-skipped', expression: "object.metadata.name != 'skip-me'" }];
    await run('validating', [hook('a', { matchConditions: skip })]);
    await run('validating', [hook('a', { matchConditions: skip })], {
      resource: ConfigMaps,
      object: configMap({ name: 'skip-me' }),
    });
    expect(names()).to.deep.equal(['a']);
    const broken = [{ name: 'broken', expression: 'object.nothing.x == 1' }];
    expect(
      await run('validating', [hook('a', { matchConditions: broken, failurePolicy: 'Ignore' })]),
    ).to.not.be.instanceOf(Error);
    expect(await run('validating', [hook('a', { matchConditions: broken })])).to.include({ code: 403 });
    expect(names()).to.deep.equal(['a']);
  });

  it('never asks about the configurations of hooks', async () => {
    await run('validating', [hook('a')], {
      resource: ValidatingWebhookConfigurations,
      object: { metadata: { name: 'x' } },
    });
    expect(names()).to.deep.equal([]);
  });

  const rule = (more: object) =>
    hook('a', {
      rules: [
        { operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'], scope: '*', ...more },
      ],
    });
  const pod = {
    resource: Pods,
    object: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', namespace: 'ns', labels: { app: 'x' } } },
  };
  const deployment = {
    resource: Deployments,
    object: { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'd', namespace: 'ns' } },
  };
  const matches: [string, Hook, TestWrite, boolean][] = [
    ['resource and operation', rule({}), pod, true],
    ['another operation', rule({}), { ...pod, operation: 'DELETE', old: pod.object }, false],
    ['another group', rule({ resources: ['*'] }), deployment, false],
    ['a subresource that is not named', rule({ resources: ['pods'] }), { ...pod, subresource: 'eviction' }, false],
    ['any subresource', rule({ resources: ['pods/*'] }), { ...pod, subresource: 'eviction' }, true],
    ['the scope', rule({ scope: 'Namespaced' }), pod, true],
    ['another scope', rule({ scope: 'Cluster' }), pod, false],
    ['another version, exactly', { ...rule({ apiVersions: ['v2'] }), matchPolicy: 'Exact' }, pod, false],
    ['another version, equivalent', { ...rule({ apiVersions: ['v2'] }), matchPolicy: 'Equivalent' }, pod, true],
    ['labels of the object', { ...rule({}), objectSelector: { matchLabels: { app: 'x' } } }, pod, true],
    ['other labels of the object', { ...rule({}), objectSelector: { matchLabels: { app: 'y' } } }, pod, false],
    ['labels of the namespace', { ...rule({}), namespaceSelector: { matchLabels: { team: 'a' } } }, pod, true],
    ['other labels of the namespace', { ...rule({}), namespaceSelector: { matchLabels: { team: 'b' } } }, pod, false],
  ];
  for (const [name, which, write, expected] of matches) {
    it(`matches by ${name}`, async () => {
      await run('validating', [which], write);
      expect(names()).to.deep.equal(expected ? ['a'] : []);
    });
  }
});
