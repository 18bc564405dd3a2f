import { expect } from 'chai';
import { ClusterRoles, RoleBindings, Roles } from '@coracle/apimachinery/resources';
import { startTestApiServer, type TestApiServer } from '../../testing/index.ts';
import { causesOf } from '../shared/testing.ts';

const namespace = 'default';

describe('strategies of rbac.authorization.k8s.io', () => {
  let api: TestApiServer;
  before(async () => {
    api = await startTestApiServer();
  });
  after(() => api.stop());

  it('refuse rules that allow nothing', async () => {
    const rules = [{}, { verbs: ['get'], nonResourceURLs: ['/x'] }];
    expect(
      await causesOf(api.client.create(Roles, { metadata: { name: 'r', namespace }, rules } as object)),
    ).to.deep.equal([
      'rules[0].apiGroups: Required value: resource rules must supply at least one api group',
      'rules[0].resources: Required value: resource rules must supply at least one resource',
      'rules[1].nonResourceURLs: Invalid value: ["/x"]: namespaced rules cannot apply to non-resource URLs',
      'rules[0].verbs: Required value',
    ]);
  });

  it('take any name that is one part of a path', async () => {
    const made = await api.client.create(ClusterRoles, { metadata: { name: 'system:a:B' }, rules: [] } as object);
    expect(made.metadata?.name).to.equal('system:a:B');
  });

  it('keep the role of a binding', async () => {
    const roleRef = { kind: 'Role', name: 'r' };
    const subjects = [{ kind: 'User', name: 'u' }];
    const binding = { metadata: { name: 'b', namespace }, roleRef, subjects } as object;
    const made = await api.client.create(RoleBindings, binding);
    expect(made.roleRef.apiGroup).to.equal('rbac.authorization.k8s.io');
    expect(made.subjects?.[0]?.apiGroup).to.equal('rbac.authorization.k8s.io');
    const body = { roleRef: { name: 'other' } };
    const [cause] = await causesOf(api.client.patch(RoleBindings, { namespace, name: 'b' }, { type: 'merge', body }));
    expect(cause).to.match(/^roleRef: Invalid value: .*: field is immutable$/);
  });
});
