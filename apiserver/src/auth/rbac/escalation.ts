import { forbidden, notFound, quote } from '@coracle/apimachinery/errors';
import { ClusterRoles, Roles } from '@coracle/apimachinery/resources';
import type { ClusterRole, PolicyRule, Role, RoleRef } from '@coracle/apimachinery/types/rbac-v1';
import type { WriteContext } from '../../registry/strategy.ts';
import { mastersGroup } from '../authenticators/index.ts';
import { isAllowed } from '../authorizer.ts';
import { compact, describeRule, quoteList, uncovered } from './rules.ts';

type CheckContext = Pick<WriteContext, 'user' | 'namespace' | 'row' | 'authorizer' | 'readers'>;

const rbacGroup = 'rbac.authorization.k8s.io';
const everything: readonly PolicyRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
];

/**
 * Nobody grants what they do not hold: throws Forbidden unless the user is of `system:masters`, may `escalate` this role,
 * or holds every rule in it (upstream pkg/registry/rbac/*role/policybased). Not for updates that change nothing but
 * owner references and finalizers.
 */
export async function checkRoleEscalation(
  context: CheckContext,
  role: Role | ClusterRole,
  old?: Role | ClusterRole,
): Promise<void> {
  const { user, row, namespace } = context;
  const name = role.metadata?.name ?? '';
  if (user.groups.includes(mastersGroup)) return;
  const escalation = { apiGroup: rbacGroup, resource: row.resource, namespace, name: old === undefined ? '' : name };
  if (await isAllowed(context.authorizer, user, 'escalate', escalation)) return;
  await confirmHeld(context, name, role.rules ?? []);
  if (!aggregates(role) && !aggregates(old)) return;
  if ((await missingRules(context, everything)).length === 0) return;
  throw forbidden(row, name, 'must have cluster-admin privileges to use the aggregationRule');
}

/** As `checkRoleEscalation`, for the role that a binding hands out; the verb is `bind`. */
export async function checkBindingEscalation(
  context: CheckContext,
  binding: { readonly metadata?: { name?: string }; readonly roleRef: RoleRef },
): Promise<void> {
  const { user, namespace } = context;
  const { roleRef, metadata } = binding;
  if (user.groups.includes(mastersGroup)) return;
  const resource = roleRef.kind === 'Role' ? Roles : ClusterRoles;
  const binds = { apiGroup: rbacGroup, resource: resource.resource, namespace, name: roleRef.name };
  if (await isAllowed(context.authorizer, user, 'bind', binds)) return;
  const key = roleRef.kind === 'Role' ? { namespace, name: roleRef.name } : { name: roleRef.name };
  const role = await context.readers.get<Role>(resource, key);
  // Told as if the binding itself were missing, as upstream does.
  if (role === undefined) throw notFound(context.row, roleRef.name);
  await confirmHeld(context, metadata?.name ?? '', role.rules ?? []);
}

function aggregates(role: ClusterRole | undefined): boolean {
  return (role?.aggregationRule?.clusterRoleSelectors ?? []).length > 0;
}

async function missingRules({ user, namespace, authorizer }: CheckContext, rules: readonly PolicyRule[]) {
  const held = await authorizer.rulesFor?.(user, namespace);
  const owned = [...(held?.resourceRules ?? []), ...(held?.nonResourceRules ?? [])] as PolicyRule[];
  return uncovered(owned, rules);
}

async function confirmHeld(context: CheckContext, name: string, rules: readonly PolicyRule[]): Promise<void> {
  const missing = await missingRules(context, rules);
  if (missing.length === 0) return;
  const { username, groups } = context.user;
  const list = compact(missing).map(describeRule).toSorted().join('\n');
  const reason = `user ${quote(username)} (groups=${quoteList(groups)}) is attempting to grant RBAC permissions not currently held:\n${list}`;
  throw forbidden(context.row, name, reason);
}
