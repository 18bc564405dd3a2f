import type { Service, ServiceSpec } from '@coracle/apimachinery/types/core-v1';

/** What a Service needs, by its type (pkg/registry/core/service/strategy.go, pkg/api/service). */

export function specOf(service: Service): ServiceSpec {
  return service.spec ?? {};
}

export function needsClusterIp({ type }: ServiceSpec): boolean {
  return type !== 'ExternalName';
}

export function needsNodePort({ type }: ServiceSpec): boolean {
  return type === 'NodePort' || type === 'LoadBalancer';
}

export function needsHealthCheckPort({ type, externalTrafficPolicy }: ServiceSpec): boolean {
  return type === 'LoadBalancer' && externalTrafficPolicy === 'Local';
}

/** `clusterIP: None`: a name without an address of its own. */
export function isHeadless({ clusterIP, clusterIPs }: ServiceSpec): boolean {
  return clusterIPs?.length ? clusterIPs[0] === 'None' : clusterIP === 'None';
}

export function isExternallyAccessible(spec: ServiceSpec): boolean {
  return needsNodePort(spec) || (spec.type === 'ClusterIP' && (spec.externalIPs?.length ?? 0) > 0);
}

export function nodePortsOf(spec: ServiceSpec): number[] {
  return (spec.ports ?? []).flatMap(({ nodePort }) => (nodePort ? [nodePort] : []));
}

export function sameList(a: readonly string[] | undefined, b: readonly string[] | undefined): boolean {
  const left = a ?? [];
  const right = b ?? [];
  return left.length === right.length && left.every((value, index) => value === right[index]);
}
