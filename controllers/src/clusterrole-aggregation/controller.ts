import { ClusterRoles } from '@coracle/apimachinery/resources';
import type { ClusterRole, PolicyRule } from '@coracle/apimachinery/types/rbac-v1';
import type { WorkQueue } from '@coracle/client/workqueue';
import { keyOf, type StartController } from '../runtime/index.ts';
import { compareText, deepEqual, matchesSelector, stableText } from '../shared/index.ts';

/** Fills the rules of aggregated cluster roles from the roles that they select. */
export const startClusterRoleAggregation: StartController = ({ client, informers, loop }) => {
  const roles = informers.for(ClusterRoles);
  const queue: WorkQueue = loop({ workers: 1, reconcile });
  const queueAggregates = (): void => {
    for (const role of roles.lister.list()) if (role.aggregationRule) queue.add(keyOf(role));
  };
  roles.addHandler({ added: queueAggregates, updated: queueAggregates, deleted: queueAggregates });

  async function reconcile(name: string): Promise<void> {
    const role = roles.lister.get(name);
    if (!role?.aggregationRule) return;
    const rules = aggregatedRules(role, roles.lister.list());
    if (deepEqual(role.rules, rules)) return;
    const { uid, resourceVersion } = role.metadata ?? {};
    await client.patch(ClusterRoles, { name }, { type: 'merge', body: { metadata: { uid, resourceVersion }, rules } });
  }
};

/** Rules of the selected roles in the order of their names, each once. */
export function aggregatedRules(role: ClusterRole, all: readonly ClusterRole[]): PolicyRule[] {
  const selectors = role.aggregationRule?.clusterRoleSelectors ?? [];
  const rules = new Map<string, PolicyRule>();
  const selected = all.filter(
    ({ metadata }) =>
      metadata?.name !== role.metadata?.name &&
      selectors.some((selector) => matchesSelector(selector, metadata?.labels)),
  );
  for (const source of [...selected].sort((a, b) => compareText(keyOf(a), keyOf(b)))) {
    for (const rule of source.rules ?? []) if (!rules.has(stableText(rule))) rules.set(stableText(rule), rule);
  }
  return [...rules.values()];
}
