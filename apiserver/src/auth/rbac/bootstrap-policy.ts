import { ClusterRoleBindings, ClusterRoles, RoleBindings, Roles } from '@coracle/apimachinery/resources';
import type { ResourceRef } from '@coracle/apimachinery/schema';
import type {
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
  Role,
  RoleBinding,
  Subject,
} from '@coracle/apimachinery/types/rbac-v1';
import type { Readers, Writers } from '../../registry/readers.ts';
import data from './bootstrap-policy.json' with { type: 'json' };
import { uncovered } from './rules.ts';

interface Policy {
  readonly clusterRoles: readonly ClusterRole[];
  readonly clusterRoleBindings: readonly ClusterRoleBinding[];
  readonly roles: readonly Role[];
  readonly roleBindings: readonly RoleBinding[];
}

type AnyRole = Role | ClusterRole;
type AnyBinding = RoleBinding | ClusterRoleBinding;

const policy = data as unknown as Policy;
/** An administrator sets it to `false` on an object that the server shall leave alone. */
const autoUpdateAnnotation = 'rbac.authorization.kubernetes.io/autoupdate';

/** What the Node authorizer grants every node. */
export const nodeRules: readonly PolicyRule[] =
  policy.clusterRoles.find(({ metadata }) => metadata?.name === 'system:node')?.rules ?? [];

/**
 * Makes sure that the roles and bindings exist that every cluster has, and grant at least what they must. What somebody
 * added stays; an object that opted out is left alone. Does nothing, and reads nothing but the cache, where all is well.
 */
export async function ensureBootstrapPolicy(writers: Writers, readers: Readers): Promise<void> {
  await Promise.all([
    ensure(writers, readers, ClusterRoles, policy.clusterRoles, repairRole),
    ensure(writers, readers, Roles, policy.roles, repairRole),
    ensure(writers, readers, ClusterRoleBindings, policy.clusterRoleBindings, repairBinding),
    ensure(writers, readers, RoleBindings, policy.roleBindings, repairBinding),
  ]);
}

/** `repair` answers the object with what it lacks, undefined where it lacks nothing. */
async function ensure<T extends AnyRole | AnyBinding>(
  writers: Writers,
  readers: Readers,
  resource: ResourceRef<T>,
  wanted: readonly T[],
  repair: (present: T, wanted: T) => T | undefined,
): Promise<void> {
  await Promise.all(
    wanted.map(async (object) => {
      const { namespace, name = '' } = object.metadata ?? {};
      const key = namespace === undefined ? { name } : { namespace, name };
      const present = await readers.get<T>(resource, key);
      if (present === undefined) {
        await writers.create<T>(resource, { ...object, ...('rules' in object ? { rules: object.rules ?? [] } : {}) });
      } else if (mayRepair(present) && repair(present, object) !== undefined) {
        await writers.update<T>(resource, key, (copy) => (mayRepair(copy) ? repair(copy, object) : undefined));
      }
    }),
  );
}

function mayRepair({ metadata }: AnyRole | AnyBinding): boolean {
  return metadata?.annotations?.[autoUpdateAnnotation] === 'true';
}

function repairRole<T extends AnyRole>(present: T, wanted: T): T | undefined {
  const labels = missingEntries(present.metadata?.labels, wanted.metadata?.labels);
  const missing = uncovered(present.rules ?? [], wanted.rules ?? []);
  const aggregation = 'aggregationRule' in wanted && !('aggregationRule' in present && present.aggregationRule);
  if (labels === undefined && missing.length === 0 && !aggregation) return undefined;
  return {
    ...present,
    metadata: { ...present.metadata, labels: { ...present.metadata?.labels, ...labels } },
    rules: [...(present.rules ?? []), ...missing],
    ...(aggregation ? { aggregationRule: wanted.aggregationRule } : {}),
  };
}

function repairBinding<T extends AnyBinding>(present: T, wanted: T): T | undefined {
  const held = present.subjects ?? [];
  const missing = (wanted.subjects ?? []).filter((subject) => !held.some((other) => sameSubject(subject, other)));
  const labels = missingEntries(present.metadata?.labels, wanted.metadata?.labels);
  if (missing.length === 0 && labels === undefined) return undefined;
  return {
    ...present,
    metadata: { ...present.metadata, labels: { ...present.metadata?.labels, ...labels } },
    subjects: [...held, ...missing],
  };
}

function sameSubject(a: Subject, b: Subject): boolean {
  return a.kind === b.kind && a.name === b.name && (a.namespace ?? '') === (b.namespace ?? '');
}

function missingEntries(present: Record<string, string> = {}, wanted: Record<string, string> = {}) {
  const missing = Object.entries(wanted).filter(([name]) => !(name in present));
  return missing.length === 0 ? undefined : Object.fromEntries(missing);
}
