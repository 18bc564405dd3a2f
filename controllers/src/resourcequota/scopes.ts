import type { LabelSelectorObject } from '@coracle/apimachinery/selectors';
import type {
  Pod,
  PersistentVolumeClaim,
  PodAffinityTerm,
  ResourceQuota,
  ScopedResourceSelectorRequirement,
} from '@coracle/apimachinery/types/core-v1';
import { matchesSelector } from '../shared/index.ts';

/** All of a quota's scopes, those of the selector included. */
export function scopesOf({ spec }: ResourceQuota): ScopedResourceSelectorRequirement[] {
  const plain = (spec?.scopes ?? []).map((scopeName) => ({ scopeName, operator: 'Exists' }));
  return [...plain, ...(spec?.scopeSelector?.matchExpressions ?? [])];
}

export function podMatchesScope(pod: Pod, scope: ScopedResourceSelectorRequirement): boolean {
  switch (scope.scopeName) {
    case 'Terminating':
      return hasDeadline(pod);
    case 'NotTerminating':
      return !hasDeadline(pod);
    case 'BestEffort':
      return isBestEffort(pod);
    case 'NotBestEffort':
      return !isBestEffort(pod);
    case 'PriorityClass':
      return matchesName(scope, pod.spec?.priorityClassName);
    case 'CrossNamespacePodAffinity':
      return crossesNamespaces(pod);
    default:
      return false;
  }
}

export function claimMatchesScope(claim: PersistentVolumeClaim, scope: ScopedResourceSelectorRequirement): boolean {
  if (scope.scopeName !== 'VolumeAttributesClass') return false;
  const { volumeAttributesClassName: wanted } = claim.spec ?? {};
  const { currentVolumeAttributesClassName: current, modifyVolumeStatus } = claim.status ?? {};
  const names = [wanted, current, modifyVolumeStatus?.targetVolumeAttributesClassName].filter(Boolean);
  return names.length === 0 ? matchesName(scope, undefined) : names.some((name) => matchesName(scope, name));
}

/** A scope of names asks of a name what a selector asks of a label; each is read once, as it is asked for every pod. */
const selectors = new WeakMap<ScopedResourceSelectorRequirement, LabelSelectorObject>();

function matchesName(scope: ScopedResourceSelectorRequirement, name: string | undefined): boolean {
  const { scopeName, operator, values } = scope;
  let selector = selectors.get(scope);
  if (selector === undefined) {
    selector = { matchExpressions: [{ key: scopeName, operator, ...(values ? { values } : {}) }] };
    selectors.set(scope, selector);
  }
  return matchesSelector(selector, name ? { [scopeName]: name } : {});
}

function hasDeadline(pod: Pod): boolean {
  return (pod.spec?.activeDeadlineSeconds ?? -1) >= 0;
}

/** No container asks for CPU or memory or is limited in them. */
function isBestEffort({ spec }: Pod): boolean {
  const all = [
    ...(spec?.containers ?? []),
    ...(spec?.initContainers ?? []),
    ...(spec?.resources ? [{ resources: spec.resources }] : []),
  ];
  return all.every(({ resources }) =>
    [resources?.requests, resources?.limits].every((list) => !list?.['cpu'] && !list?.['memory']),
  );
}

function crossesNamespaces({ spec }: Pod): boolean {
  const crosses = (term: PodAffinityTerm | undefined) =>
    (term?.namespaces?.length ?? 0) > 0 || term?.namespaceSelector !== undefined;
  return [spec?.affinity?.podAffinity, spec?.affinity?.podAntiAffinity].some(
    (affinity) =>
      affinity?.requiredDuringSchedulingIgnoredDuringExecution?.some(crosses) === true ||
      affinity?.preferredDuringSchedulingIgnoredDuringExecution?.some(({ podAffinityTerm }) =>
        crosses(podAffinityTerm),
      ) === true,
  );
}
