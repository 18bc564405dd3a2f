import { type ApiCaller, eventually, post } from '../support/index.ts';
import type { Question } from './questions.ts';

const registration = '/apis/admissionregistration.k8s.io/v1';
const namespace = 'judged';

const matchConstraints = {
  resourceRules: [
    { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['configmaps'] },
  ],
};

/** An authorizer's answer costs most of what an expression may, and takes no time. */
const question = "authorizer.group('').resource('pods').check('get').allowed()";

/** Each judges ConfigMaps that name it in `data.policy`. */
const policies: [name: string, spec: object][] = [
  ['plain', { validations: [{ expression: "object.data.x == 'a'" }] }],
  ['message', { validations: [{ expression: "object.data.x == 'a'", message: ' must be a ', reason: 'Forbidden' }] }],
  [
    'expression',
    {
      validations: [{ expression: "object.data.x == 'a'", messageExpression: "'not a but ' + string(object.data.x)" }],
    },
  ],
  [
    'broken-message',
    { validations: [{ expression: "object.data.x == 'a'", messageExpression: 'string(object.data.nope)' }] },
  ],
  [
    'lines',
    { validations: [{ expression: "object.data.x == 'a'", messageExpression: "'a\\nb'", message: 'fallback' }] },
  ],
  ['missing', { validations: [{ expression: 'object.data.nope == 1' }] }],
  ['types', { validations: [{ expression: 'object.data.x > 1' }] }],
  ['number', { validations: [{ expression: "int(object.data.x) > 1 || object.data.x == 'a'" }] }],
  ['index', { validations: [{ expression: "object.data.x.split(',')[3] == 'a'" }] }],
  ['ignored', { failurePolicy: 'Ignore', validations: [{ expression: 'object.data.nope == 1' }] }],
  ['dear', { validations: [{ expression: Array.from({ length: 4 }, () => question).join(' && ') }] }],
  [
    'sum',
    { validations: Array.from({ length: 15 }, (_, n) => ({ expression: `${question} && ${question} && ${n} >= 0` })) },
  ],
  [
    'variables',
    {
      variables: [
        { name: 'n', expression: "object.data.x.split(',').map(e, int(e))" },
        { name: 'sum', expression: 'variables.n.sum()' },
      ],
      validations: [{ expression: 'variables.sum < 10', messageExpression: "'sum is ' + string(variables.sum)" }],
    },
  ],
  [
    'request',
    {
      validations: [
        {
          expression: "request.operation == 'UPDATE' || request.userInfo.username == ''",
          messageExpression: 'request.userInfo.username + request.namespace + request.name',
        },
      ],
    },
  ],
  [
    'namespace',
    {
      validations: [
        {
          expression: "namespaceObject.metadata.name != 'judged'",
          messageExpression: "namespaceObject.metadata.labels['kubernetes.io/metadata.name']",
        },
      ],
    },
  ],
  [
    'allowed',
    { validations: [{ expression: "!authorizer.group('').resource('pods').namespace('x').check('get').allowed()" }] },
  ],
  ['requested', { validations: [{ expression: "!authorizer.requestResource.check('update').allowed()" }] }],
  [
    'condition',
    { matchConditions: [{ name: 'm', expression: 'object.data.nope == 1' }], validations: [{ expression: 'true' }] },
  ],
  [
    'skipped',
    { matchConditions: [{ name: 'm', expression: "object.data.x == 'z'" }], validations: [{ expression: 'false' }] },
  ],
  [
    'two',
    {
      validations: [
        { expression: 'false', message: 'first' },
        { expression: 'false', message: 'second' },
      ],
    },
  ],
  ['pattern', { validations: [{ expression: "object.data.x.matches('^(a+)+$')" }] }],
  ['old', { validations: [{ expression: 'oldObject != null' }] }],
];

/** Policies, their bindings, and a namespace; resolves when the last one judges. */
export async function putIntoForce(server: ApiCaller): Promise<void> {
  const make = (path: string, body: object) => post(server, path, body);
  await make('/api/v1/namespaces', { metadata: { name: namespace } });
  for (const [name, spec] of policies) {
    const own = { name: 'own', expression: `object.?data.policy.orValue('') == '${name}'` };
    const conditions = [own, ...((spec as { matchConditions?: object[] }).matchConditions ?? [])];
    await make(`${registration}/validatingadmissionpolicies`, {
      metadata: { name },
      spec: { matchConstraints, ...spec, matchConditions: conditions },
    });
    await make(`${registration}/validatingadmissionpolicybindings`, {
      metadata: { name },
      spec: { policyName: name, validationActions: ['Deny'] },
    });
  }
  await eventually(async () => {
    const { status } = await server.call(pathOf, { method: 'POST', body: configMap('old', 'a') });
    if (status === 201) throw new Error('policies are not in force yet');
  });
}

const pathOf = `/api/v1/namespaces/${namespace}/configmaps?dryRun=All`;
const configMap = (policy: string, x: string) => ({ metadata: { name: 'c' }, data: { policy, x } });
const values = ['a', 'b', '1', '5,6', `${'a'.repeat(40)}!`];

/** A ConfigMap for each policy and each of some values. */
export function judgedQuestions(): Question[] {
  return policies.flatMap(([name]) =>
    values.map((x) => ({
      name: `${name} judges ${x}`,
      method: 'POST' as const,
      path: pathOf,
      body: configMap(name, x),
    })),
  );
}
