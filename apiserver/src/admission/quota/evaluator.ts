import type { KubernetesObject } from '@coracle/apimachinery/meta';
import type { GroupResource } from '@coracle/apimachinery/schema';
import type { ScopedResourceSelectorRequirement } from '@coracle/apimachinery/types/core-v1';
import type { AdmissionAttributes } from '../admission.ts';
import type { Amounts } from './amounts.ts';

/** How objects of one resource are charged to a quota; upstream `quota.Evaluator`. */
export interface Evaluator<T extends KubernetesObject = KubernetesObject> {
  /** True where such a write can change what is charged. */
  handles(attributes: AdmissionAttributes): boolean;
  /** Those names of a quota's `hard` that this resource is charged to. */
  counts(name: string): boolean;
  /** What an object is charged. `now` in milliseconds since 1970. */
  usage(object: T, now: number): Amounts;
  matchesScope(object: T, scope: ScopedResourceSelectorRequirement): boolean;
  /** Why the object cannot be charged to these names; undefined where it can. */
  constraint?(object: T, names: readonly string[]): string | undefined;
}

/** Objects of the core group that quotas of before `count/` know by their plain name. */
const plainNames: ReadonlySet<string> = new Set(['configmaps', 'replicationcontrollers', 'resourcequotas', 'secrets']);

export function countName({ group, resource }: GroupResource): string {
  return group === '' ? `count/${resource}` : `count/${resource}.${group}`;
}

/** One a piece. */
export function countEvaluator(resource: GroupResource): Evaluator {
  const names = [countName(resource)];
  if (resource.group === '' && plainNames.has(resource.resource)) names.push(resource.resource);
  const usage = Object.fromEntries(names.map((name) => [name, '1']));
  return {
    handles: ({ operation, subresource }) => operation === 'CREATE' && subresource === '',
    counts: (name) => names.includes(name),
    usage: () => usage,
    matchesScope: () => false,
  };
}

/** Whether `value` (undefined: the object has none) is what a scope asks for. */
export function scopeSelects(
  { operator, values = [] }: ScopedResourceSelectorRequirement,
  value: string | undefined,
): boolean {
  switch (operator) {
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'In':
      return value !== undefined && values.includes(value);
    default:
      return value === undefined || !values.includes(value);
  }
}
