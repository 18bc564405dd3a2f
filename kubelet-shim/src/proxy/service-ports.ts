import type { Service } from '@coracle/apimachinery/types/core-v1';
import type { EndpointSlice } from '@coracle/apimachinery/types/discovery-v1';
import { parseAddress } from '../network/index.ts';

/** One port of a Service with everything that decides where its packets go, the same for all nodes. */
export interface ServicePort {
  /** `default/web:http/TCP` */
  readonly id: string;
  readonly protocol: 'tcp' | 'udp' | 'sctp';
  readonly port: number;
  readonly clusterIps: readonly string[];
  readonly externalIps: readonly string[];
  /** Those of them that nodes answer for themselves (`ipMode: VIP`, the default). */
  readonly loadBalancerIps: readonly string[];
  /** 0 = none. */
  readonly nodePort: number;
  /** Who may use the load balancer's addresses; empty = everybody. */
  readonly sourceRanges: readonly string[];
  /** Seconds that a client keeps its endpoint; 0 = no affinity. */
  readonly affinitySeconds: number;
  readonly internalLocal: boolean;
  readonly externalLocal: boolean;
  /** Sorted by address and port, each once. */
  readonly endpoints: readonly ServiceEndpoint[];
}

export interface ServiceEndpoint {
  readonly address: string;
  readonly port: number;
  readonly nodeName: string;
  readonly ready: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
  /** Undefined where the endpoint has no hints. */
  readonly zoneHints: readonly string[] | undefined;
  readonly nodeHints: readonly string[] | undefined;
}

/** Services that something else proxies, or that have nothing to proxy, have no ports here. */
export function servicePorts(service: Service, slices: readonly EndpointSlice[]): readonly ServicePort[] {
  const { metadata, spec, status } = service;
  const labels = metadata?.labels ?? {};
  if (spec === undefined || spec.type === 'ExternalName' || !spec.clusterIP || spec.clusterIP === 'None') return [];
  if ('service.kubernetes.io/service-proxy-name' in labels || 'service.kubernetes.io/headless' in labels) return [];
  const external = spec.type === 'NodePort' || spec.type === 'LoadBalancer';
  const ingress = spec.type === 'LoadBalancer' ? (status?.loadBalancer?.ingress ?? []) : [];
  const common = {
    clusterIps: (spec.clusterIPs ?? [spec.clusterIP]).filter(isIpv4),
    externalIps: (spec.externalIPs ?? []).filter(isIpv4),
    loadBalancerIps: ingress
      .filter(({ ipMode }) => ipMode !== 'Proxy')
      .flatMap(({ ip }) => (ip && isIpv4(ip) ? [ip] : [])),
    sourceRanges: (spec.loadBalancerSourceRanges ?? []).map((range) => range.trim()),
    affinitySeconds:
      spec.sessionAffinity === 'ClientIP' ? (spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? 10_800) : 0,
    internalLocal: spec.internalTrafficPolicy === 'Local',
    externalLocal: external && spec.externalTrafficPolicy === 'Local',
  };
  return (spec.ports ?? []).map((port) => ({
    ...common,
    id: `${metadata?.namespace}/${metadata?.name}:${port.name ?? ''}/${port.protocol ?? 'TCP'}`,
    protocol: (port.protocol ?? 'TCP').toLowerCase() as ServicePort['protocol'],
    port: port.port,
    nodePort: external ? (port.nodePort ?? 0) : 0,
    endpoints: endpointsOf(slices, port.name ?? '', port.protocol ?? 'TCP'),
  }));
}

function endpointsOf(slices: readonly EndpointSlice[], portName: string, protocol: string): readonly ServiceEndpoint[] {
  const found = new Map<string, ServiceEndpoint>();
  for (const slice of slices) {
    if (slice.addressType !== 'IPv4') continue;
    const port = slice.ports?.find(
      (one) => (one.name ?? '') === portName && (one.protocol ?? 'TCP') === protocol,
    )?.port;
    if (!port) continue;
    for (const { addresses, conditions, nodeName, hints } of slice.endpoints ?? []) {
      const address = addresses[0];
      if (address === undefined) continue;
      const ready = conditions?.ready ?? true;
      const endpoint: ServiceEndpoint = {
        address,
        port,
        nodeName: nodeName ?? '',
        ready,
        serving: conditions?.serving ?? ready,
        terminating: conditions?.terminating ?? false,
        zoneHints: hints?.forZones?.map(({ name }) => name),
        nodeHints: hints?.forNodes?.map(({ name }) => name),
      };
      const key = `${address} ${port}`;
      // An endpoint that moves from slice to slice is in both for a moment: the ready one counts.
      if (!found.get(key)?.ready) found.set(key, endpoint);
    }
  }
  return [...found.values()].toSorted((a, b) => compare(a.address, b.address) || a.port - b.port);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function isIpv4(text: string): boolean {
  return parseAddress(text) !== undefined;
}
