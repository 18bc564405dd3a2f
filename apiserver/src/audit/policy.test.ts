import { textOfError } from '@coracle/apimachinery/errors';
import { expect } from 'chai';
import type { AuthorizationAttributes } from '../auth/authorizer.ts';
import { parseConfig } from '../configfile/index.ts';
import { type AuditPolicy, auditPolicyKind, policyEvaluator } from './policy.ts';

const policyOf = (spec: object): AuditPolicy =>
  parseConfig('p.yaml', JSON.stringify({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', ...spec }), auditPolicyKind);
const attributes = (more: Partial<AuthorizationAttributes> = {}): AuthorizationAttributes => ({
  user: { username: 'alice', groups: ['devs'], extra: {} },
  verb: 'get',
  isResourceRequest: true,
  namespace: 'ci',
  apiGroup: '',
  apiVersion: 'v1',
  resource: 'pods',
  subresource: '',
  name: 'p',
  path: '/api/v1/namespaces/ci/pods/p',
  ...more,
});
const healthz = attributes({ isResourceRequest: false, resource: '', namespace: '', name: '', path: '/healthz/ping' });

describe('audit policy', () => {
  const matching: [sentence: string, rule: object, asked: AuthorizationAttributes, matches: boolean][] = [
    ['a rule without conditions matches everything', {}, healthz, true],
    ['a user by name', { users: ['alice'] }, attributes(), true],
    ['another user does not match', { users: ['bob'] }, attributes(), false],
    ['a user by group', { userGroups: ['ops', 'devs'] }, attributes(), true],
    ['a verb', { verbs: ['list'] }, attributes(), false],
    ['a namespace', { namespaces: ['ci'] }, attributes(), true],
    [
      'the empty namespace is that of cluster-wide resources',
      { namespaces: [''] },
      attributes({ namespace: '' }),
      true,
    ],
    ['namespaces never match paths', { namespaces: [''] }, healthz, false],
    ['all resources of a group', { resources: [{ group: '' }] }, attributes(), true],
    ['all groups', { resources: [{ group: '*', resources: ['pods'] }] }, attributes({ apiGroup: 'x.io' }), true],
    [
      'a resource is not its subresources',
      { resources: [{ resources: ['pods'] }] },
      attributes({ subresource: 'log' }),
      false,
    ],
    ['a subresource', { resources: [{ resources: ['pods/log'] }] }, attributes({ subresource: 'log' }), true],
    [
      'any subresource of a resource',
      { resources: [{ resources: ['pods/*'] }] },
      attributes({ subresource: 'log' }),
      true,
    ],
    [
      'a subresource of any resource',
      { resources: [{ resources: ['*/log'] }] },
      attributes({ subresource: 'log' }),
      true,
    ],
    [
      'a star stands for subresources too',
      { resources: [{ resources: ['*'] }] },
      attributes({ subresource: 'log' }),
      true,
    ],
    ['names', { resources: [{ resources: ['pods'], resourceNames: ['q'] }] }, attributes(), false],
    ['a path and what is below it', { nonResourceURLs: ['/healthz*'] }, healthz, true],
    ['paths never match resources', { nonResourceURLs: ['*'] }, attributes(), false],
  ];
  for (const [sentence, rule, asked, matches] of matching) {
    it(sentence, () => {
      const evaluate = policyEvaluator(policyOf({ rules: [{ level: 'Request', ...rule }] }));
      expect(evaluate(asked).level).to.equal(matches ? 'Request' : 'None');
    });
  }

  it('takes the first rule that matches, and leaves out the stages of rule and policy', () => {
    const evaluate = policyEvaluator(
      policyOf({
        omitStages: ['RequestReceived'],
        omitManagedFields: true,
        rules: [{ level: 'None', users: ['bob'] }, { level: 'Metadata', omitStages: ['Panic'] }, { level: 'Request' }],
      }),
    );
    const { level, omitStages, omitManagedFields } = evaluate(attributes());
    expect([level, [...omitStages], omitManagedFields]).to.deep.equal(['Metadata', ['RequestReceived', 'Panic'], true]);
  });

  const refused: [what: string, spec: object, message: string][] = [
    ['no rules', {}, 'loaded illegal policy with 0 rules'],
    ['a rule without a level', { rules: [{}] }, 'rules[0].level: Required value'],
    [
      'an unknown level',
      { rules: [{ level: 'Body' }] },
      'rules[0].level: Unsupported value: "Body": supported values: "None", "Metadata", "Request", "RequestResponse"',
    ],
    [
      'a rule about resources and paths',
      { rules: [{ level: 'None', namespaces: ['a'], nonResourceURLs: ['/x'] }] },
      'rules[0].nonResourceURLs: Invalid value: ["/x"]: rules cannot apply to both regular resources and non-resource URLs',
    ],
    [
      'a path without a slash',
      { rules: [{ level: 'None', nonResourceURLs: ['x'] }] },
      `rules[0].nonResourceURLs[0]: Invalid value: "x": non-resource URL rules must begin with a '/' character`,
    ],
    [
      'a star amid a path',
      { rules: [{ level: 'None', nonResourceURLs: ['/a*/b'] }] },
      `rules[0].nonResourceURLs[0]: Invalid value: "/a*/b": non-resource URL wildcards '*' must be the final character of the rule`,
    ],
    [
      'names without resources',
      { rules: [{ level: 'None', resources: [{ resourceNames: ['a'] }] }] },
      'rules[0].resources.resourceNames: Invalid value: ["a"]: using resourceNames requires at least one resource',
    ],
    [
      'an unknown stage',
      { omitStages: ['Begin'], rules: [{ level: 'None' }] },
      'omitStages[0]: Invalid value: "Begin": allowed stages are RequestReceived,ResponseStarted,ResponseComplete,Panic',
    ],
    ['an unknown field', { rules: [{ level: 'None', user: ['a'] }] }, 'unknown field "rules[0].user"'],
  ];
  for (const [what, spec, message] of refused) {
    it(`refuses ${what}`, () => {
      let told = '';
      try {
        policyOf(spec);
      } catch (error) {
        told = textOfError(error);
      }
      expect(told).to.include(message).and.to.include('p.yaml');
    });
  }
});
