import type { Container, Pod, PodAffinityTerm } from '@coracle/apimachinery/types/core-v1';
import { qualityOfService } from '../../resources/core/pod/quality-of-service.ts';
import { chargedLimits, chargedRequests } from '../pod-resources.ts';
import { type Amounts, addAmounts } from './amounts.ts';
import { type Evaluator, scopeSelects } from './evaluator.ts';

const plainNames: ReadonlySet<string> = new Set([
  'count/pods',
  'cpu',
  'memory',
  'ephemeral-storage',
  'requests.cpu',
  'requests.memory',
  'requests.ephemeral-storage',
  'limits.cpu',
  'limits.memory',
  'limits.ephemeral-storage',
  'pods',
]);
/** A quota on one of these makes every container say how much it wants. Upstream calls it a mistake, and keeps it. */
const demanding: ReadonlySet<string> = new Set([
  'cpu',
  'memory',
  'requests.cpu',
  'requests.memory',
  'limits.cpu',
  'limits.memory',
]);
const computeNames = ['cpu', 'memory', 'ephemeral-storage'];
const hugePages = 'hugepages-';

/** Upstream pkg/quota/v1/evaluator/core/pods.go. */
export const podEvaluator: Evaluator<Pod> = {
  handles({ operation, subresource, object, oldObject }) {
    if (subresource === 'resize') return operation === 'UPDATE';
    if (subresource !== '') return false;
    return operation === 'CREATE' || isTerminating(object as Pod) !== isTerminating(oldObject as Pod);
  },
  counts: (name) =>
    plainNames.has(name) || name.startsWith(hugePages) || name.startsWith(`requests.${hugePages}`) || isExtended(name),
  usage(pod, now) {
    const count = { 'count/pods': '1' };
    return isOver(pod, now) ? count : addAmounts(count, compute(chargedRequests(pod), chargedLimits(pod)));
  },
  matchesScope(pod, scope) {
    switch (scope.scopeName) {
      case 'Terminating':
        return isTerminating(pod);
      case 'NotTerminating':
        return !isTerminating(pod);
      case 'BestEffort':
        return qualityOfService(pod) === 'BestEffort';
      case 'NotBestEffort':
        return qualityOfService(pod) !== 'BestEffort';
      case 'PriorityClass':
        return scopeSelects(scope, pod.spec?.priorityClassName || undefined);
      case 'CrossNamespacePodAffinity':
        return crossesNamespaces(pod);
      default:
        return false;
    }
  },
  constraint(pod, names) {
    if (pod.spec?.resources !== undefined) return undefined;
    const required = names.filter((name) => demanding.has(name)).toSorted();
    const containers = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])];
    const missing = required.flatMap((name) => {
      const without = containers.filter((container) => !(name in containerCompute(container)));
      return without.length === 0
        ? []
        : [
            `${name} for: ${without
              .map((container) => container.name)
              .toSorted()
              .join(',')}`,
          ];
    });
    return missing.length === 0 ? undefined : `must specify ${missing.join('; ')}`;
  },
};

function containerCompute({ resources }: Container): Amounts {
  return compute(resources?.requests ?? {}, resources?.limits ?? {});
}

function compute(requests: Amounts, limits: Amounts): Amounts {
  const charged: Record<string, string> = { pods: '1' };
  for (const name of computeNames) {
    const [request, limit] = [requests[name], limits[name]];
    if (request !== undefined) charged[name] = charged[`requests.${name}`] = request;
    if (limit !== undefined) charged[`limits.${name}`] = limit;
  }
  for (const [name, request] of Object.entries(requests)) {
    if (name.startsWith(hugePages)) charged[name] = charged[`requests.${name}`] = request;
    else if (name.includes('/')) charged[`requests.${name}`] = request;
  }
  return charged;
}

/** `requests.example.com/gpu`: resources that a node advertises beyond Kubernetes' own. */
function isExtended(name: string): boolean {
  return name.startsWith('requests.') && name.includes('/') && !name.includes('kubernetes.io/storage');
}

function isTerminating({ spec }: Pod): boolean {
  return (spec?.activeDeadlineSeconds ?? -1) >= 0;
}

/** A pod that has ended, or is stuck in its deletion, is no longer charged what it used. */
function isOver({ metadata, status }: Pod, now: number): boolean {
  if (status?.phase === 'Failed' || status?.phase === 'Succeeded') return true;
  const { deletionTimestamp, deletionGracePeriodSeconds } = metadata ?? {};
  if (deletionTimestamp === undefined || deletionGracePeriodSeconds === undefined) return false;
  return now > Date.parse(deletionTimestamp) + deletionGracePeriodSeconds * 1000;
}

function crossesNamespaces({ spec }: Pod): boolean {
  const { podAffinity, podAntiAffinity } = spec?.affinity ?? {};
  const terms: PodAffinityTerm[] = [podAffinity, podAntiAffinity].flatMap((affinity) => [
    ...(affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
    ...(affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map((each) => each.podAffinityTerm),
  ]);
  return terms.some(
    ({ namespaces, namespaceSelector }) => Boolean(namespaces?.length) || namespaceSelector !== undefined,
  );
}
