import type { GroupVersionKind } from '@coracle/apimachinery/schema';
import type { ValidatingAdmissionPolicySpec } from '@coracle/apimachinery/types/admissionregistration-v1';
import type { DiscoveredResource } from '../runtime/index.ts';

/** Of how many kinds of one rule expressions are checked. */
const kindsMax = 10;

/** The kinds that a policy's rules name; rules with wildcards name none. Sorted. */
export function kindsOf(
  { matchConstraints }: ValidatingAdmissionPolicySpec,
  served: readonly DiscoveredResource[],
): GroupVersionKind[] {
  const found = new Map<string, GroupVersionKind>();
  for (const { apiGroups = [], apiVersions = [], resources = [] } of matchConstraints?.resourceRules ?? []) {
    if ([...apiGroups, ...apiVersions].some((name) => name.includes('*'))) continue;
    const named = resources.filter((name) => !/[*/]/.test(name));
    const matching = served.filter(
      (row) => apiGroups.includes(row.group) && apiVersions.includes(row.version) && named.includes(row.resource),
    );
    for (const { group, version, kind } of matching.slice(0, kindsMax)) {
      found.set(`${group}/${version}/${kind}`, { group, version, kind });
    }
  }
  return [...found.values()].sort(
    (a, b) => compare(a.group, b.group) || compare(a.version, b.version) || compare(a.kind, b.kind),
  );
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
