import { ClusterRoleBindings, ClusterRoles, RoleBindings, Roles } from '@coracle/apimachinery/resources';
import type { PolicyRule, Subject } from '@coracle/apimachinery/types/rbac-v1';
import { expect } from 'chai';
import type { AuthorizationAttributes } from '../authorizer.ts';
import { StaticReaders } from '../testing/index.ts';
import { serviceAccountUser } from '../authenticators/index.ts';
import { checkBindingEscalation, checkRoleEscalation } from './escalation.ts';
import { RbacAuthorizer } from './rbac-authorizer.ts';

const apiGroup = 'rbac.authorization.k8s.io';
const alice = { username: 'alice', groups: ['devs', 'system:authenticated'], extra: {} };
const robot = serviceAccountUser('ci', 'robot', '1');

const request = (overrides: Partial<AuthorizationAttributes>): AuthorizationAttributes => ({
  user: alice,
  verb: 'get',
  isResourceRequest: true,
  namespace: '',
  apiGroup: '',
  apiVersion: 'v1',
  resource: 'pods',
  subresource: '',
  name: '',
  path: '',
  ...overrides,
});

const clusterRole = (name: string, ...rules: PolicyRule[]) => ({ metadata: { name }, rules });
const clusterBinding = (name: string, role: string, ...subjects: Subject[]) => ({
  metadata: { name },
  roleRef: { apiGroup, kind: 'ClusterRole', name: role },
  subjects,
});
const binding = (namespace: string, name: string, kind: string, role: string, ...subjects: Subject[]) => ({
  metadata: { name, namespace },
  roleRef: { apiGroup, kind, name: role },
  subjects,
});

describe('RBAC authorizer', () => {
  let readers: StaticReaders;
  let rbac: RbacAuthorizer;
  const decide = (overrides: Partial<AuthorizationAttributes>) => rbac.authorize(request(overrides)).decision;

  beforeEach(async () => {
    readers = new StaticReaders();
    readers.set(
      ClusterRoles,
      clusterRole('reader', { verbs: ['get', 'list'], apiGroups: [''], resources: ['pods', '*/status'] }),
      clusterRole('named', {
        verbs: ['update'],
        apiGroups: ['apps'],
        resources: ['deployments'],
        resourceNames: ['web'],
      }),
      clusterRole('probe', { verbs: ['get'], nonResourceURLs: ['/healthz', '/healthz/*'] }),
    );
    rbac = new RbacAuthorizer(readers, new AbortController().signal);
    await rbac.ready();
  });

  it('grants through the cluster, whatever the namespace, and says by what', () => {
    readers.set(ClusterRoleBindings, clusterBinding('b', 'reader', { apiGroup, kind: 'User', name: 'alice' }));
    expect(rbac.authorize(request({ namespace: 'x' }))).to.deep.equal({
      decision: 'allow',
      reason: 'RBAC: allowed by ClusterRoleBinding "b" of ClusterRole "reader" to User "alice"',
    });
    expect(decide({ verb: 'delete' })).to.equal('no-opinion');
  });

  it('grants in one namespace only, to groups and service accounts', () => {
    readers.set(Roles, {
      metadata: { name: 'reader', namespace: 'ci' },
      rules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
    } as object);
    readers.set(
      RoleBindings,
      binding('dev', 'g', 'ClusterRole', 'reader', { apiGroup, kind: 'Group', name: 'devs' }),
      binding('ci', 's', 'Role', 'reader', { kind: 'ServiceAccount', name: 'robot' }),
    );
    expect(decide({ namespace: 'dev' })).to.equal('allow');
    expect(decide({ namespace: 'other' })).to.equal('no-opinion');
    expect(decide({ namespace: '' })).to.equal('no-opinion');
    expect(rbac.authorize(request({ user: robot, namespace: 'ci', verb: 'delete' })).reason).to.equal(
      'RBAC: allowed by RoleBinding "s/ci" of Role "reader" to ServiceAccount "robot/ci"',
    );
  });

  const matches: [string, string, Partial<AuthorizationAttributes>, boolean][] = [
    ['a subresource needs its own rule', 'reader', { subresource: 'log' }, false],
    ['*/status covers status of anything', 'reader', { resource: 'nodes', subresource: 'status' }, true],
    [
      'a resource name is needed where the rule has one',
      'named',
      { verb: 'update', apiGroup: 'apps', resource: 'deployments' },
      false,
    ],
    [
      'the resource name fits',
      'named',
      { verb: 'update', apiGroup: 'apps', resource: 'deployments', name: 'web' },
      true,
    ],
    ['the group must fit', 'named', { verb: 'update', resource: 'deployments', name: 'web' }, false],
    ['a path', 'probe', { isResourceRequest: false, resource: '', path: '/healthz/etcd' }, true],
    ['a path that only begins alike', 'probe', { isResourceRequest: false, resource: '', path: '/healthzz' }, false],
  ];
  for (const [name, role, overrides, allowed] of matches) {
    it(`rules: ${name}`, () => {
      readers.set(ClusterRoleBindings, clusterBinding('b', role, { apiGroup, kind: 'User', name: 'alice' }));
      expect(decide(overrides)).to.equal(allowed ? 'allow' : 'no-opinion');
    });
  }

  it('follows changes of roles and bindings', () => {
    const grant = clusterBinding('b', 'reader', { apiGroup, kind: 'User', name: 'alice' });
    readers.set(ClusterRoleBindings, grant);
    expect(decide({})).to.equal('allow');
    readers.set(ClusterRoles, clusterRole('reader', { verbs: ['list'], apiGroups: [''], resources: ['pods'] }));
    expect(decide({})).to.equal('no-opinion');
    readers.set(ClusterRoles, clusterRole('reader', { verbs: ['get'], apiGroups: [''], resources: ['pods'] }));
    readers.set(ClusterRoleBindings, clusterBinding('b', 'reader'));
    expect(decide({})).to.equal('no-opinion');
    readers.set(ClusterRoleBindings, grant);
    readers.remove(ClusterRoleBindings, grant);
    expect(decide({})).to.equal('no-opinion');
  });

  it('tells of a role that is missing', () => {
    readers.set(ClusterRoleBindings, clusterBinding('b', 'gone', { apiGroup, kind: 'User', name: 'alice' }));
    expect(rbac.authorize(request({}))).to.deep.equal({
      decision: 'no-opinion',
      reason: 'RBAC: clusterroles.rbac.authorization.k8s.io "gone" not found',
    });
  });

  describe('escalation', () => {
    const context = () => ({ user: alice, namespace: 'dev', row: ClusterRoles as never, authorizer: rbac, readers });
    const failureOf = (promise: Promise<void>) =>
      promise.then(
        () => undefined,
        (error: Error) => error.message,
      );

    beforeEach(() => {
      readers.set(ClusterRoleBindings, clusterBinding('b', 'reader', { apiGroup, kind: 'User', name: 'alice' }));
    });

    it('lets a user grant what they hold', async () => {
      const role = clusterRole('r', { verbs: ['get'], apiGroups: [''], resources: ['pods', 'nodes/status'] });
      expect(await failureOf(checkRoleEscalation(context(), role))).to.equal(undefined);
      expect(await failureOf(checkBindingEscalation(context(), clusterBinding('x', 'reader')))).to.equal(undefined);
    });

    it('refuses what they do not hold, with a list', async () => {
      const role = clusterRole('r', { verbs: ['get', 'delete', 'update'], apiGroups: [''], resources: ['pods'] });
      expect(await failureOf(checkRoleEscalation(context(), role))).to.equal(
        'clusterroles.rbac.authorization.k8s.io "r" is forbidden: user "alice" (groups=["devs" "system:authenticated"]) ' +
          'is attempting to grant RBAC permissions not currently held:\n' +
          '{APIGroups:[""], Resources:["pods"], Verbs:["delete" "update"]}',
      );
      expect(await failureOf(checkBindingEscalation(context(), clusterBinding('x', 'named')))).to.match(
        /not currently held/,
      );
    });

    it('accepts those who may escalate or bind', async () => {
      readers.set(
        ClusterRoles,
        clusterRole('boss', { verbs: ['escalate', 'bind'], apiGroups: [apiGroup], resources: ['clusterroles'] }),
      );
      readers.set(ClusterRoleBindings, clusterBinding('c', 'boss', { apiGroup, kind: 'Group', name: 'devs' }));
      const role = clusterRole('r', { verbs: ['*'], apiGroups: ['*'], resources: ['*'] });
      expect(await failureOf(checkRoleEscalation(context(), role))).to.equal(undefined);
      expect(await failureOf(checkBindingEscalation(context(), clusterBinding('x', 'named')))).to.equal(undefined);
    });
  });
});
