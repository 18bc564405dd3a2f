import { expect } from 'chai';
import { resolveRequestInfo } from '../filters/request-info.ts';
import { schemaTest } from './classify.ts';
import { testConfiguration } from './testing/index.ts';

const accounts = ['system:serviceaccounts', 'system:authenticated'];

describe('a request is of the flow schema', () => {
  const { configuration } = testConfiguration();
  const cases = [
    { user: 'admin', groups: ['system:masters'], path: '/api/v1/pods', schema: 'exempt' },
    { user: 'a', groups: ['system:authenticated'], path: '/readyz', schema: 'probes' },
    { user: 'a', groups: ['system:authenticated'], path: '/readyz/ping', schema: 'probes' },
    { user: 'a', groups: ['system:authenticated'], path: '/readyzz', schema: 'global-default' },
    { user: 'a', groups: ['system:authenticated'], path: '/api/v1/pods', schema: 'global-default' },
    { user: 'system:node:n', groups: ['system:nodes'], path: '/api/v1/nodes/n/status', schema: 'system-node-high' },
    { user: 'system:node:n', groups: ['system:nodes'], path: '/api/v1/pods', schema: 'system-nodes' },
    { user: 'system:kube-scheduler', groups: ['system:authenticated'], path: '/api/v1/pods', schema: 'kube-scheduler' },
    {
      user: 'system:serviceaccount:kube-system:x',
      groups: accounts,
      path: '/apis/coordination.k8s.io/v1/namespaces/a/leases/l',
      schema: 'system-leader-election',
    },
    { user: 'system:serviceaccount:b:x', groups: accounts, path: '/api/v1/pods', schema: 'service-accounts' },
    { user: 'nobody in particular', groups: [], path: '/api/v1/pods', schema: 'catch-all' },
  ];
  for (const { user: username, groups, path, schema } of cases) {
    it(`${username} at ${path}: ${schema}`, () => {
      const info = resolveRequestInfo({ method: 'GET', path, query: new URLSearchParams() });
      expect(configuration.flowOf({ username, groups, extra: {} }, info).name).to.equal(schema);
    });
  }
});

describe('a rule for resources', () => {
  const everywhere = { verbs: ['*'], apiGroups: ['*'], resources: ['*'] };
  const cases = [
    { rule: { ...everywhere, namespaces: ['*'] }, path: '/api/v1/nodes', matches: false },
    { rule: { ...everywhere, clusterScope: true }, path: '/api/v1/nodes', matches: true },
    { rule: { ...everywhere, clusterScope: true }, path: '/api/v1/namespaces/a/pods', matches: false },
    { rule: { ...everywhere, namespaces: ['a'] }, path: '/api/v1/namespaces/a/pods', matches: true },
    {
      rule: { ...everywhere, resources: ['pods'], namespaces: ['*'] },
      path: '/api/v1/namespaces/a/pods/p/log',
      matches: false,
    },
    {
      rule: { ...everywhere, resources: ['pods/log'], namespaces: ['*'] },
      path: '/api/v1/namespaces/a/pods/p/log',
      matches: true,
    },
    {
      rule: { ...everywhere, verbs: ['list'], namespaces: ['*'] },
      path: '/api/v1/namespaces/a/pods/p',
      matches: false,
    },
    {
      rule: { ...everywhere, apiGroups: ['apps'], namespaces: ['*'] },
      path: '/api/v1/namespaces/a/pods',
      matches: false,
    },
  ];
  for (const { rule, path, matches } of cases) {
    it(`${JSON.stringify(rule)} ${matches ? 'is' : 'is not'} for ${path}`, () => {
      const subjects = [{ kind: 'User', user: { name: '*' } }];
      const spec = { priorityLevelConfiguration: { name: 'x' }, rules: [{ subjects, resourceRules: [rule] }] };
      const info = resolveRequestInfo({ method: 'GET', path, query: new URLSearchParams() });
      expect(schemaTest({ spec })({ username: 'u', groups: [], extra: {} }, info)).to.equal(matches);
    });
  }
});
