import { expect } from 'chai';
import type { MatchResources } from '@coracle/apimachinery/types/admissionregistration-v1';
import { MutatingAdmissionPolicyBindings, ValidatingAdmissionPolicies } from '@coracle/apimachinery/resources';
import { variableTypes } from '../../admission/cel/index.ts';
import { startTestApiServer } from '../../testing/index.ts';
import { causesOf } from '../shared/testing.ts';

describe('policies that change objects', () => {
  it('have no variable where there is no expression', () => {
    const variables = [
      { name: 'a', expression: ' ' },
      { name: 'b', expression: '1' },
    ];
    expect([...variableTypes(variables, { params: false, authorizer: true }).keys()]).to.deep.equal(['b']);
  });

  it('have nothing to change in what is deleted', async () => {
    await using api = await startTestApiServer();
    const matchResources: MatchResources = {
      resourceRules: [{ operations: ['CREATE', 'DELETE'], apiGroups: ['*'], apiVersions: ['*'], resources: ['*'] }],
    };
    const binding = { metadata: { name: 'b' }, spec: { policyName: 'p', matchResources } };
    expect(await causesOf(api.client.create(MutatingAdmissionPolicyBindings, binding))).to.deep.equal([
      'spec.matchResources.resourceRules.operations: Unsupported value: "DELETE": supported values: "*", "CONNECT", "CREATE", "UPDATE"',
    ]);
  });
});

describe('policies that refuse objects', () => {
  it('know no field of a variable without an expression', async () => {
    await using api = await startTestApiServer();
    const matchConstraints: MatchResources = {
      resourceRules: [{ operations: ['CREATE'], apiGroups: ['*'], apiVersions: ['*'], resources: ['*'] }],
    };
    const variables = [{ name: 'a', expression: '' }];
    const policy = {
      metadata: { name: 'p' },
      spec: { matchConstraints, variables, validations: [{ expression: 'variables.a > 1' }] },
    };
    const causes = await causesOf(api.client.create(ValidatingAdmissionPolicies, policy));
    expect(causes[1]).to.include("undefined field 'a'");
  });
});
