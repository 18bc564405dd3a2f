const registration = '/apis/admissionregistration.k8s.io/v1';
const matchConstraints = {
  resourceRules: [
    { apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'], operations: ['CREATE', 'UPDATE', 'DELETE'] },
  ],
};
const only = (name: string) => [{ name: 'only', expression: `object.?metadata.name.orValue('') == '${name}'` }];
const written = [{ name: 'written', expression: "request.operation != 'DELETE' && request.name != 'in-force'" }];

const policy = (name: string, spec: object): [string, object] => [
  `${registration}/validatingadmissionpolicies`,
  { metadata: { name }, spec: { matchConstraints, ...spec } },
];
const binding = (name: string, policyName: string, validationActions: string[], more = {}): [string, object] => [
  `${registration}/validatingadmissionpolicybindings`,
  { metadata: { name }, spec: { policyName, validationActions, ...more } },
];
const team = (name: string, value: string): [string, object] => [
  '/api/v1/namespaces/default/configmaps',
  { metadata: { name, labels: { teams: 'yes' } }, data: { team: value } },
];

/** Policies that tell the audit log something, with their parameters; the last one says that all are in force. */
export const policyObjects: readonly [path: string, object: object][] = [
  team('team-a', 'red'),
  team('team-b', 'blue'),
  team('team-c', 'red'),
  policy('audits.example', {
    matchConditions: written,
    validations: [
      { expression: "object.?data.x.orValue('') == '1'", message: 'x is 1' },
      { expression: 'true' },
      { expression: "object.?data.y.orValue('') == '1'", messageExpression: "'y of ' + request.name" },
    ],
    auditAnnotations: [
      { key: 'named', valueExpression: "'named ' + object.metadata.name" },
      { key: 'nothing', valueExpression: 'null' },
    ],
  }),
  binding('first', 'audits.example', ['Audit', 'Warn']),
  binding('second', 'audits.example', ['Audit']),
  policy('teams.example', {
    paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
    matchConditions: written,
    validations: [{ expression: 'true' }],
    auditAnnotations: [{ key: 'team', valueExpression: 'string(params.data.team)' }],
  }),
  binding('teams', 'teams.example', ['Audit'], {
    paramRef: { namespace: 'default', selector: { matchLabels: { teams: 'yes' } }, parameterNotFoundAction: 'Deny' },
  }),
  policy('broken.example', {
    matchConditions: only('broken'),
    validations: [{ expression: 'true' }],
    auditAnnotations: [{ key: 'none', valueExpression: 'string(object.data.none)' }],
  }),
  binding('broken', 'broken.example', ['Audit']),
  policy('in-force.example', { matchConditions: only('in-force'), validations: [{ expression: 'false' }] }),
  binding('in-force', 'in-force.example', ['Deny']),
];
