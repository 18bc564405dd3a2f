import type { ServicePort } from './service-ports.ts';

/** Arguments of `conntrack -D` for flows that the kernel would go on sending where they no longer belong. */
export type FlowFilter = readonly string[];

/**
 * UDP has no end that the kernel could see: flows to endpoints that are gone must be forgotten, and so must those that were
 * let through untranslated before the Service had any.
 */
export function staleFlows(before: readonly ServicePort[], after: readonly ServicePort[]): readonly FlowFilter[] {
  const filters: FlowFilter[] = [];
  for (const port of after.filter(({ protocol }) => protocol === 'udp')) {
    const previous = before.find(({ id }) => id === port.id);
    const gone = missingAddresses(previous, port);
    const isNew = served(port).length > 0 && served(previous).length === 0;
    for (const flow of flowsOf(port)) {
      filters.push(...gone.map((address) => [...flow, '--dst-nat', address]));
      if (isNew) filters.push(flow);
    }
  }
  for (const port of before.filter(({ protocol }) => protocol === 'udp')) {
    if (!after.some(({ id }) => id === port.id)) filters.push(...flowsOf(port));
  }
  return filters;
}

function served(port: ServicePort | undefined): readonly string[] {
  return port?.endpoints.filter(({ serving, ready }) => serving || ready).map(({ address }) => address) ?? [];
}

function missingAddresses(before: ServicePort | undefined, after: ServicePort): readonly string[] {
  const left = new Set(served(after));
  return [...new Set(served(before))].filter((address) => !left.has(address));
}

function flowsOf(port: ServicePort): readonly FlowFilter[] {
  const addresses = [...port.clusterIps, ...port.externalIps, ...port.loadBalancerIps];
  return [
    ...addresses.map((address) => ['-p', 'udp', '--orig-dst', address, '--orig-port-dst', String(port.port)]),
    ...(port.nodePort > 0 ? [['-p', 'udp', '--orig-port-dst', String(port.nodePort)]] : []),
  ];
}
