import type { ServiceEndpoint, ServicePort } from './service-ports.ts';

/** Where a node sends the packets of a Service port. */
export interface ChosenEndpoints {
  /** By the policy `Cluster`. */
  readonly cluster: readonly ServiceEndpoint[];
  /** By the policy `Local`: those on this node. */
  readonly local: readonly ServiceEndpoint[];
  /** Some endpoint would do on some node: packets without a local one are dropped, not refused. */
  readonly anywhere: boolean;
}

/** Pure; upstream's pkg/proxy/topology.go. Endpoints that are ready, or where there is none those that still serve. */
export function chooseEndpoints(
  { endpoints }: Pick<ServicePort, 'endpoints'>,
  nodeName: string,
  zone: string,
): ChosenEndpoints {
  const ready = endpoints.filter((endpoint) => endpoint.ready);
  const hinted = byHints(ready, nodeName, zone);
  const cluster = hinted.length > 0 ? hinted : endpoints.filter(servesWhileTerminating);
  const here = endpoints.filter((endpoint) => endpoint.nodeName !== '' && endpoint.nodeName === nodeName);
  const readyHere = here.filter((endpoint) => endpoint.ready);
  const local = readyHere.length > 0 ? readyHere : here.filter(servesWhileTerminating);
  return { cluster, local, anywhere: ready.length > 0 || endpoints.some(servesWhileTerminating) };
}

function servesWhileTerminating(endpoint: ServiceEndpoint): boolean {
  return endpoint.serving && endpoint.terminating;
}

/** Hints only count where every ready endpoint has them and some are for us: else they are a half-written state. */
function byHints(ready: readonly ServiceEndpoint[], nodeName: string, zone: string): readonly ServiceEndpoint[] {
  if (nodeName !== '' && ready.every(({ nodeHints }) => nodeHints !== undefined)) {
    const mine = ready.filter(({ nodeHints }) => nodeHints?.includes(nodeName));
    if (mine.length > 0) return mine;
  }
  if (zone !== '' && ready.every(({ zoneHints }) => zoneHints !== undefined)) {
    const mine = ready.filter(({ zoneHints }) => zoneHints?.includes(zone));
    if (mine.length > 0) return mine;
  }
  return ready;
}
