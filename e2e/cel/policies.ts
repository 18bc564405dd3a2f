import type { Question } from './questions.ts';

const base = '/apis/admissionregistration.k8s.io/v1';
const constraints = {
  resourceRules: [{ apiGroups: ['apps'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['deployments'] }],
};
const post = (path: string, name: string, body: object): Question => ({
  name,
  method: 'POST',
  path: `${base}/${path}?dryRun=All`,
  body,
});

function validating(name: string, spec: object): Question {
  return post('validatingadmissionpolicies', name, {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name: 'p' },
    spec: { matchConstraints: constraints, validations: [{ expression: 'true' }], ...spec },
  });
}

function mutating(name: string, mutation: object, spec: object = {}): Question {
  return post('mutatingadmissionpolicies', name, {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingAdmissionPolicy',
    metadata: { name: 'p' },
    spec: { matchConstraints: constraints, reinvocationPolicy: 'Never', mutations: [mutation], ...spec },
  });
}

const expressions = `object.spec.replicas <= 5
object.spec.replicas
object.spec.replicas >
foo
params.x == 1
request.name == 'a'
request.nme == 'a'
request.userInfo.groups.exists(g, g == 'a')
request.userInfo.extra['a'][0] == 'b'
request.options.x == 1
namespaceObject.metadata.name == 'a'
namespaceObject.metadata.foo == 'a'
namespaceObject.metadata.creationTimestamp < timestamp('2030-01-01T00:00:00Z')
authorizer.group('').resource('pods').namespace('a').check('get').allowed()
authorizer.group('').check('get').allowed()
authorizer.path('/x').check('get').reason() == ''
authorizer.requestResource.check('update').allowed()
authorizer.serviceAccount('a', 'b').group('').resource('x').fieldSelector('a=b').check('list').errored()
variables.x == 1
oldObject == null || object.metadata.labels == oldObject.metadata.labels
object.metadata.?labels['a'].orValue('x') == 'x'
[1].includes(1)
self.x
1 / 0 == 1
int('x') == 1
JSONPatch{op: 'add', path: '/a'}.op == 'add'
jsonpatch.escapeKey('a/b') == 'a'`.split('\n');

const patches = `[JSONPatch{op: 'add', path: '/a', value: 1}]
[JSONPatch{op: 'add', pth: '/a'}]
[JSONPatch{op: 1}]
[]
1
JSONPatch{op: 'add'}
[JSONPatch{op: 'add', path: '/metadata/labels/' + jsonpatch.escapeKey('a/b'), value: 'c'}]
object.x
[JSONPatch{op: 'add', value: Object.spec{a: 1}}]`.split('\n');

const configurations = `Object{spec: Object.spec{replicas: 1}}
Object.spec{replicas: 1}
Object{spec: 1}
{'a': 1}
Object{
Obj{a: 1}
Object{metadata: Object.metadata{labels: {'a': 'b'}}}
has(object.x) ? Object{} : Object{spec: Object.spec{a: 1}}`.split('\n');

export function policyQuestions(): Question[] {
  return [
    ...expressions.flatMap((expression) => [
      validating(`validation ${expression}`, { validations: [{ expression }] }),
      validating(`condition ${expression}`, { matchConditions: [{ name: 'c', expression }] }),
      validating(`variable ${expression}`, {
        variables: [{ name: 'v', expression }],
        validations: [{ expression: 'variables.v == 1' }],
      }),
      validating(`message ${expression}`, { validations: [{ expression: 'true', messageExpression: expression }] }),
      validating(`annotation ${expression}`, { auditAnnotations: [{ key: 'k', valueExpression: expression }] }),
      post('validatingwebhookconfigurations', `webhook ${expression}`, {
        apiVersion: 'admissionregistration.k8s.io/v1',
        kind: 'ValidatingWebhookConfiguration',
        metadata: { name: 'w' },
        webhooks: [
          {
            name: 'a.example.com',
            clientConfig: { url: 'https://example.com/x' },
            rules: [{ apiGroups: ['apps'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['deployments'] }],
            sideEffects: 'None',
            admissionReviewVersions: ['v1'],
            matchConditions: [{ name: 'c', expression }],
          },
        ],
      }),
    ]),
    validating('params with a kind', {
      paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
      validations: [{ expression: "params.data.x == 'a'" }],
    }),
    validating('variables of variables', {
      variables: [
        { name: 'a', expression: 'object.spec.replicas' },
        { name: 'b', expression: 'variables.a > 1' },
        { name: 'c', expression: "'x'" },
      ],
      validations: [
        { expression: 'variables.b && variables.c == 1' },
        { expression: 'variables.d' },
        { expression: 'variables.b' },
      ],
    }),
    validating('a variable that comes later', {
      variables: [
        { name: 'a', expression: 'variables.b' },
        { name: 'b', expression: '1' },
      ],
    }),
    ...patches.map((expression) =>
      mutating(`patch ${expression}`, { patchType: 'JSONPatch', jsonPatch: { expression } }),
    ),
    ...configurations.map((expression) =>
      mutating(`configuration ${expression}`, { patchType: 'ApplyConfiguration', applyConfiguration: { expression } }),
    ),
    mutating('no expression', { patchType: 'JSONPatch', jsonPatch: { expression: ' ' } }),
    mutating('both', {
      patchType: 'JSONPatch',
      jsonPatch: { expression: '[]' },
      applyConfiguration: { expression: 'Object{}' },
    }),
  ];
}
