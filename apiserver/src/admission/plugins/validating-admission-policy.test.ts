import {
  ConfigMaps,
  Deployments,
  Namespaces,
  ValidatingAdmissionPolicies,
  ValidatingAdmissionPolicyBindings,
} from '@coracle/apimachinery/resources';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import type { ValidatingAdmissionPolicySpec } from '@coracle/apimachinery/types/admissionregistration-v1';
import { expect } from 'chai';
import { AuditAnnotations } from '../../filters/filter.ts';
import { testAdmissionContext, type TestWrite, writeOf } from '../testing/index.ts';
import { validatingAdmissionPolicy } from './validating-admission-policy.ts';

const deployment = (replicas: number, name = 'd'): KubernetesObject =>
  ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'ns' },
    spec: { replicas },
  }) as KubernetesObject;

describe('ValidatingAdmissionPolicy', () => {
  let context: ReturnType<typeof testAdmissionContext>;
  let warnings: string[];
  let annotations: Map<string, string>;

  beforeEach(() => {
    context = testAdmissionContext();
    warnings = [];
    annotations = new AuditAnnotations();
    context.readers.set(Namespaces, { metadata: { name: 'ns', labels: { env: 'prod' } } });
  });

  const decide = async (
    spec: ValidatingAdmissionPolicySpec,
    binding: object = {},
    write: TestWrite = { resource: Deployments, object: deployment(10) },
  ) => {
    context.readers.set(ValidatingAdmissionPolicies, { metadata: { name: 'p' }, spec } as KubernetesObject);
    const bound = { policyName: 'p', validationActions: ['Deny'], ...binding };
    context.readers.set(ValidatingAdmissionPolicyBindings, {
      metadata: { name: 'b' },
      spec: bound,
    } as KubernetesObject);
    const plugin = validatingAdmissionPolicy(context);
    const attributes = {
      ...writeOf(write),
      warn: (text: string) => warnings.push(text),
      annotate: (key: string, value: string) => annotations.set(key, value),
    };
    if (plugin.handles?.(attributes) === false) return 'not asked';
    try {
      await plugin.validate?.(attributes);
      return 'admitted';
    } catch (error) {
      return error as Error & { code: number; reason: string };
    }
  };
  const tooMany: ValidatingAdmissionPolicySpec = { validations: [{ expression: 'object.spec.replicas <= 5' }] };

  it('refuses what breaks a rule, in upstream’s words', async () => {
    const refused = await decide(tooMany);
    expect(refused).to.include({ code: 422, reason: 'Invalid' });
    expect((refused as Error).message).to.equal(
      `deployments.apps "d" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: failed expression: object.spec.replicas <= 5`,
    );
    expect(await decide(tooMany, {}, { resource: Deployments, object: deployment(5) })).to.equal('admitted');
  });

  const messages: [string, object, RegExp][] = [
    ['a message', { message: 'no more than five' }, /denied request: no more than five$/],
    [
      'an expression of its own',
      { messageExpression: "'not ' + string(object.spec.replicas)" },
      /denied request: not 10$/,
    ],
    [
      'a message where that has no value',
      { message: 'fallback', messageExpression: 'object.nothing' },
      /denied request: fallback$/,
    ],
    ['a reason', { reason: 'Forbidden' }, /failed expression/],
  ];
  for (const [name, more, message] of messages) {
    it(`says ${name}`, async () => {
      const refused = await decide({ validations: [{ expression: 'object.spec.replicas <= 5', ...more }] });
      expect((refused as Error).message).to.match(message);
      if ('reason' in more) expect(refused).to.include({ code: 403 });
    });
  }

  it('gives expressions variables, parameters, the namespace and the request', async () => {
    context.readers.set(ConfigMaps, {
      metadata: { name: 'limits', namespace: 'ns' },
      data: { max: '20' },
    } as KubernetesObject);
    const spec: ValidatingAdmissionPolicySpec = {
      paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
      variables: [
        { name: 'max', expression: 'int(params.data.max)' },
        { name: 'double', expression: 'variables.max * 2' },
      ],
      validations: [
        { expression: 'variables.double == 40 && object.spec.replicas < variables.max' },
        { expression: "namespaceObject.metadata.labels.env == 'prod'" },
        { expression: "request.operation == 'CREATE' && request.userInfo.username == 'alice' && oldObject == null" },
        { expression: "!authorizer.group('').resource('pods').namespace('ns').check('create').allowed()" },
      ],
    };
    expect(await decide(spec, { paramRef: { name: 'limits' } })).to.equal('admitted');
    const refused = await decide(spec, { paramRef: { name: 'gone', parameterNotFoundAction: 'Deny' } });
    expect((refused as Error).message).to.match(/failed to configure binding: no params found/);
    expect(await decide(spec, { paramRef: { name: 'gone', parameterNotFoundAction: 'Allow' } })).to.equal('admitted');
  });

  it('tells the audit log all failures of a write under one key', async () => {
    const validationActions = ['Audit', 'Warn'];
    const rules = ['object.spec.replicas <= 5', 'true', 'object.spec.replicas <= 6'];
    const spec = { validations: rules.map((expression) => ({ expression })) };
    expect(await decide(spec, { validationActions })).to.equal('admitted');
    const failure = (expressionIndex: number) => ({
      message: `failed expression: ${rules[expressionIndex]}`,
      policy: 'p',
      binding: 'b',
      expressionIndex,
      validationActions,
    });
    expect([...annotations]).to.deep.equal([
      ['validation.policy.admission.k8s.io/validation_failure', JSON.stringify([failure(0), failure(2)])],
    ]);
    expect(warnings).to.have.length(2);
  });

  it('joins the values that parameters give an annotation; one without a value refuses whatever the binding wants', async () => {
    for (const [name, team] of [
      ['one', 'red'],
      ['two', 'blue'],
      ['three', 'red'],
    ]) {
      const metadata = { name, namespace: 'ns', labels: { app: 'a' } };
      context.readers.set(ConfigMaps, { metadata, data: { team } } as KubernetesObject);
    }
    const spec: ValidatingAdmissionPolicySpec = {
      paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
      validations: [{ expression: 'true' }],
      auditAnnotations: [{ key: 'team', valueExpression: 'string(params.data.team)' }],
    };
    const binding = {
      paramRef: { selector: { matchLabels: { app: 'a' } }, parameterNotFoundAction: 'Deny' },
      validationActions: ['Audit'],
    };
    expect(await decide(spec, binding)).to.equal('admitted');
    expect(annotations.get('p/team')?.split(', ').toSorted()).to.deep.equal(['blue', 'red']);
    const without = { ...spec, auditAnnotations: [{ key: 'team', valueExpression: 'string(params.data.none)' }] };
    expect(await decide(without, binding))
      .to.have.property('message')
      .that.includes('no such key: none');
    expect(await decide({ ...without, failurePolicy: 'Ignore' }, binding)).to.equal('admitted');
  });

  it('waits for an authorizer that takes time, and asks it each question once', async () => {
    const asked: string[] = [];
    context.authorizer.authorize = async ({ verb }) => {
      asked.push(verb);
      return { decision: verb === 'get' ? 'allow' : 'deny', reason: '' };
    };
    const check = (verb: string) => `authorizer.group('').resource('pods').check('${verb}').allowed()`;
    const conditions = [{ name: 'c', expression: check('get') }];
    const spec: ValidatingAdmissionPolicySpec = {
      matchConditions: conditions,
      validations: [{ expression: `${check('list')} || ${check('get')}` }],
    };
    expect(await decide(spec)).to.equal('admitted');
    expect(asked).to.deep.equal(['get', 'list']);
  });

  it('does what the failure policy says of an expression without a value', async () => {
    const broken: ValidatingAdmissionPolicySpec = { validations: [{ expression: 'object.spec.missing > 1' }] };
    expect(((await decide(broken)) as Error).message).to.match(/resulted in error: no such key: missing/);
    expect(await decide({ ...broken, failurePolicy: 'Ignore' })).to.equal('admitted');
  });

  it('warns where the binding only wants that', async () => {
    expect(await decide(tooMany, { validationActions: ['Warn'] })).to.equal('admitted');
    expect(warnings).to.deep.equal([
      "Validation failed for ValidatingAdmissionPolicy 'p' with binding 'b': failed expression: object.spec.replicas <= 5",
    ]);
  });

  const constraints = (more: object) => ({
    ...tooMany,
    matchConstraints: {
      resourceRules: [
        { operations: ['CREATE'], apiGroups: ['apps'], apiVersions: ['v1'], resources: ['deployments'], ...more },
      ],
    },
  });
  const matches: [string, ValidatingAdmissionPolicySpec, object, boolean][] = [
    ['its resource', constraints({}), {}, true],
    ['another resource', constraints({ resources: ['statefulsets'] }), {}, false],
    ['another name', constraints({ resourceNames: ['x'] }), {}, false],
    [
      'a condition that holds',
      { ...tooMany, matchConditions: [{ name: 'c', expression: "object.metadata.name == 'd'" }] },
      {},
      true,
    ],
    [
      'a condition that does not',
      { ...tooMany, matchConditions: [{ name: 'c', expression: "object.metadata.name == 'x'" }] },
      {},
      false,
    ],
    [
      'a namespace that the binding selects',
      tooMany,
      { matchResources: { namespaceSelector: { matchLabels: { env: 'prod' } } } },
      true,
    ],
    [
      'a namespace that it does not',
      tooMany,
      { matchResources: { namespaceSelector: { matchLabels: { env: 'test' } } } },
      false,
    ],
  ];
  for (const [name, spec, binding, asked] of matches) {
    it(`concerns ${name}: ${asked}`, async () => {
      expect(await decide(spec, binding)).to[asked ? 'be' : 'not'].be.instanceOf(Error);
    });
  }
});
