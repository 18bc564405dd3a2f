import { compareQuantities } from '@coracle/apimachinery/quantity';
import type { Container, Pod } from '@coracle/apimachinery/types/core-v1';
import { addResources, maxResources, type ResourceList } from '../../shared/resource-list.ts';
import { isSidecar } from './pod-table.ts';

/**
 * Completes `spec.resources` of a pod that has some: requests from the sum of its containers and from its own limits,
 * limits from containers that all have one (pkg/api/pod DefaultPodLevelResources, KEP-2837).
 */
export function setPodLevelResources({ spec }: Pod): void {
  const resources = spec?.resources;
  if (!spec || !resources) return;
  if (isEmpty(resources.requests) && isEmpty(resources.limits)) return;
  const limits: Record<string, string> = { ...resources.limits };
  const requests: Record<string, string> = { ...resources.requests };
  const containers = [...(spec.containers ?? []), ...(spec.initContainers ?? [])];
  const containerLimits = aggregate(spec.containers, spec.initContainers, ({ limits: list }) => list);
  for (const name in containerLimits) {
    if (isHugePages(name) && requests[name] === undefined) limits[name] ??= containerLimits[name] as string;
  }
  const containerRequests = aggregate(spec.containers, spec.initContainers, ({ requests: list }) => list);
  for (const name in containerRequests) {
    if (isPodLevel(name) && !isHugePages(name)) requests[name] ??= containerRequests[name] as string;
  }
  for (const name in limits) if (isPodLevel(name)) requests[name] ??= limits[name] as string;
  for (const name in requests) {
    if (!isPodLevel(name) || limits[name] !== undefined) continue;
    if (!containers.every((container) => container.resources?.limits?.[name] !== undefined)) continue;
    const limit = containerLimits[name];
    if (limit !== undefined) limits[name] = larger(limit, requests[name] as string);
  }
  if (!isEmpty(limits)) resources.limits = limits;
  if (!isEmpty(requests)) resources.requests = requests;
}

function isPodLevel(name: string): boolean {
  return name === 'cpu' || name === 'memory' || isHugePages(name);
}

export function isHugePages(name: string): boolean {
  return name.startsWith('hugepages-');
}

function isEmpty(list: ResourceList | undefined): boolean {
  return Object.keys(list ?? {}).length === 0;
}

function larger(a: string, b: string): string {
  return compareQuantities(a, b) >= 0 ? a : b;
}

/** What containers need together: all that run at the same time, or the largest init container beside its sidecars. */
export function aggregate(
  containers: readonly Container[] | undefined,
  initContainers: readonly Container[] | undefined,
  pick: (resources: NonNullable<Container['resources']>) => ResourceList | undefined,
): Record<string, string> {
  const total: Record<string, string> = {};
  const sidecars: Record<string, string> = {};
  const largest: Record<string, string> = {};
  for (const container of containers ?? []) addResources(total, container.resources && pick(container.resources));
  for (const container of initContainers ?? []) {
    const list = container.resources && pick(container.resources);
    if (isSidecar(container)) {
      addResources(total, list);
      addResources(sidecars, list);
      maxResources(largest, sidecars);
    } else {
      const needed = { ...sidecars };
      addResources(needed, list);
      maxResources(largest, needed);
    }
  }
  maxResources(total, largest);
  return total;
}
