import { Quantity, quantityOrZero, zeroQuantity } from '@coracle/apimachinery/quantity';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import type { GroupResource } from '@coracle/apimachinery/schema';
import type { PersistentVolumeClaim, Pod, ResourceQuota, Service } from '@coracle/apimachinery/types/core-v1';
import { addAmounts, isPodTerminal, parseTime, podLimits, podRequests, type ResourceAmounts } from '../shared/index.ts';
import { claimMatchesScope, podMatchesScope, scopesOf } from './scopes.ts';

const one = new Quantity(1_000_000_000n);
const storageClassMark = '.storageclass.storage.k8s.io/';
/** Resources whose count has a name of its own besides `count/…`. */
const bareCounts = [
  'pods',
  'services',
  'replicationcontrollers',
  'resourcequotas',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
];

export type ObjectsOf = (resource: GroupResource) => readonly KubernetesObject[];

const pods: GroupResource = { group: '', resource: 'pods' };
const services: GroupResource = { group: '', resource: 'services' };
const claims: GroupResource = { group: '', resource: 'persistentvolumeclaims' };

/** The resource whose objects a limit is about; undefined for a name that nothing counts. */
export function limitedResource(name: string): GroupResource | undefined {
  if (name.startsWith('count/')) {
    const [resource = '', ...group] = name.slice('count/'.length).split('.');
    return { group: group.join('.'), resource };
  }
  if (name.startsWith('services')) return services;
  if (name === 'persistentvolumeclaims' || name === 'requests.storage' || name.includes(storageClassMark))
    return claims;
  if (bareCounts.includes(name)) return { group: '', resource: name };
  if (name.startsWith('requests.') || name.startsWith('limits.') || name.startsWith('hugepages-')) return pods;
  return ['cpu', 'memory', 'ephemeral-storage'].includes(name) ? pods : undefined;
}

/** What of each limit of the quota is used up by the namespace's objects. */
export function usedOf(quota: ResourceQuota, objectsOf: ObjectsOf, nowMs: number): Record<string, string> {
  const names = Object.keys(quota.spec?.hard ?? {});
  const scopes = scopesOf(quota);
  const totals = new Map<string, ResourceAmounts>();
  const used: Record<string, string> = {};
  for (const name of names) {
    const resource = limitedResource(name);
    if (!resource) continue;
    const key = `${resource.group}/${resource.resource}`;
    let total = totals.get(key);
    if (!total) totals.set(key, (total = totalOf(resource, objectsOf(resource), scopes, nowMs)));
    used[name] = (total.get(name) ?? zeroQuantity).toString();
  }
  return used;
}

function totalOf(
  resource: GroupResource,
  objects: readonly KubernetesObject[],
  scopes: ReturnType<typeof scopesOf>,
  nowMs: number,
): ResourceAmounts {
  const total: ResourceAmounts = new Map();
  for (const object of objects) {
    if (scopes.every((scope) => matchesScope(resource, object, scope)))
      addAmounts(total, usageOf(resource, object, nowMs));
  }
  return total;
}

function matchesScope(
  resource: GroupResource,
  object: KubernetesObject,
  scope: ReturnType<typeof scopesOf>[number],
): boolean {
  if (resource.group !== '') return false;
  if (resource.resource === 'pods') return podMatchesScope(object as Pod, scope);
  return resource.resource === 'persistentvolumeclaims' && claimMatchesScope(object as PersistentVolumeClaim, scope);
}

/** What one object counts for, under every name that it counts under. */
export function usageOf({ group, resource }: GroupResource, object: KubernetesObject, nowMs: number): ResourceAmounts {
  const usage: ResourceAmounts = new Map([[`count/${resource}${group ? `.${group}` : ''}`, one]]);
  if (group !== '') return usage;
  if (resource === 'pods') addPod(usage, object as Pod, nowMs);
  else if (resource === 'services') addService(usage, object as Service);
  else if (resource === 'persistentvolumeclaims') addClaim(usage, object as PersistentVolumeClaim);
  else if (bareCounts.includes(resource)) usage.set(resource, one);
  return usage;
}

/** Finished pods, and those that should long be gone, use nothing but their place. */
function addPod(usage: ResourceAmounts, pod: Pod, nowMs: number): void {
  const goneBy = parseTime(pod.metadata?.deletionTimestamp);
  const grace = (pod.metadata?.deletionGracePeriodSeconds ?? 0) * 1000;
  if (isPodTerminal(pod) || (goneBy !== undefined && nowMs > goneBy + grace)) return;
  usage.set('pods', one);
  for (const [name, amount] of podRequests(pod)) {
    usage.set(`requests.${name}`, amount);
    if (['cpu', 'memory', 'ephemeral-storage'].includes(name) || name.startsWith('hugepages-')) usage.set(name, amount);
  }
  for (const [name, amount] of podLimits(pod)) usage.set(`limits.${name}`, amount);
}

function addService(usage: ResourceAmounts, { spec }: Service): void {
  usage.set('services', one);
  const ports = BigInt(spec?.ports?.length ?? 0);
  if (spec?.type === 'NodePort') usage.set('services.nodeports', one.multiply(ports));
  if (spec?.type !== 'LoadBalancer') return;
  usage.set('services.loadbalancers', one);
  const allocated =
    spec.allocateLoadBalancerNodePorts === false
      ? (spec.ports ?? []).filter(({ nodePort }) => nodePort).length
      : Number(ports);
  usage.set('services.nodeports', one.multiply(allocated));
}

function addClaim(usage: ResourceAmounts, { metadata, spec, status }: PersistentVolumeClaim): void {
  usage.set('persistentvolumeclaims', one);
  const asked = spec?.resources?.requests?.['storage'];
  const granted = quantityOrZero(status?.allocatedResources?.['storage']);
  const size = granted.compare(quantityOrZero(asked)) > 0 ? granted : quantityOrZero(asked);
  if (asked !== undefined) usage.set('requests.storage', size);
  const name = metadata?.annotations?.['volume.beta.kubernetes.io/storage-class'] ?? spec?.storageClassName;
  if (!name) return;
  usage.set(`${name}${storageClassMark}persistentvolumeclaims`, one);
  if (asked !== undefined) usage.set(`${name}${storageClassMark}requests.storage`, size);
}
