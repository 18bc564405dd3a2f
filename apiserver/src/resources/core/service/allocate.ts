import { field, internalError, invalid, StatusError } from '@coracle/apimachinery/errors';
import type { Service } from '@coracle/apimachinery/types/core-v1';
import type { Finish, WriteContext } from '../../shared/registry.ts';
import { ClusterIps } from './cluster-ips.ts';
import type { NodePortRequest, NodePorts } from './node-ports.ts';
import { isHeadless, needsClusterIp, needsHealthCheckPort, needsNodePort, nodePortsOf, specOf } from './predicates.ts';
import type { IpFamily } from './prepare.ts';

export interface Allocators {
  readonly serviceCidrs: readonly string[];
  readonly nodePorts: NodePorts;
}

/** Takes addresses and ports for a Service that is about to be stored; the result gives back what was not needed. */
export async function allocate(
  service: Service,
  old: Service | undefined,
  context: WriteContext,
  { serviceCidrs, nodePorts }: Allocators,
): Promise<Finish | undefined> {
  const ips = new ClusterIps(context, serviceCidrs);
  const taken: string[] = [];
  let ports: NodePortRequest | undefined;
  try {
    await takeClusterIps(service, old, ips, taken);
    if (wantsPorts(service, old)) {
      ports = await nodePorts.begin(context);
      takeNodePorts(service, old, ports);
    }
  } catch (error) {
    ports?.finish();
    await Promise.all(taken.map((ip) => ips.release(ip)));
    throw error;
  }
  const released = releasedIps(service, old);
  if (taken.length === 0 && released.length === 0 && !ports) return undefined;
  return async (written) => {
    ports?.finish();
    await Promise.all((written ? released : taken).map((ip) => ips.release(ip)));
  };
}

/** Addresses that a Service holds. */
export function heldIps(service: Service): readonly string[] {
  const spec = specOf(service);
  return needsClusterIp(spec) && !isHeadless(spec) ? (spec.clusterIPs ?? []) : [];
}

export async function releaseAll(service: Service, context: WriteContext, { serviceCidrs }: Allocators): Promise<void> {
  const ips = new ClusterIps(context, serviceCidrs);
  await Promise.all(heldIps(service).map((ip) => ips.release(ip)));
}

function releasedIps(service: Service, old: Service | undefined): readonly string[] {
  if (!old) return [];
  const kept = heldIps(service);
  return heldIps(old).filter((ip) => !kept.includes(ip));
}

async function takeClusterIps(
  service: Service,
  old: Service | undefined,
  ips: ClusterIps,
  taken: string[],
): Promise<void> {
  const spec = specOf(service);
  if (!needsClusterIp(spec) || isHeadless(spec)) return;
  const held = old ? heldIps(old) : [];
  const clusterIps: string[] = [...(spec.clusterIPs ?? [])];
  for (const [index, family] of (spec.ipFamilies ?? []).entries()) {
    const wanted = clusterIps[index];
    if (wanted !== undefined && held.includes(wanted)) continue;
    try {
      if (wanted) await ips.take(wanted, service);
      else clusterIps[index] = await ips.takeNext(family as IpFamily, service);
    } catch (error) {
      if (error instanceof StatusError) throw error;
      const text = `failed to allocate IP ${wanted}: ${(error as Error).message}`;
      throw refused(service, field.invalid('spec.clusterIPs', spec.clusterIPs, text));
    }
    taken.push(clusterIps[index] as string);
  }
  if (clusterIps.length === 0) return;
  spec.clusterIPs = clusterIps;
  spec.clusterIP = clusterIps[0] as string;
}

function refused(service: Service, error: ReturnType<typeof field.invalid>): StatusError {
  return invalid({ group: '', kind: 'Service' }, service.metadata?.name ?? '', [error]);
}

function wantsPorts(service: Service, old: Service | undefined): boolean {
  const spec = specOf(service);
  const held = old ? nodePortsOf(specOf(old)) : [];
  if (needsHealthCheckPort(spec) && !(old && needsHealthCheckPort(specOf(old)))) return true;
  if (!needsNodePort(spec)) return false;
  return (spec.ports ?? []).some(({ nodePort }) => (nodePort ? !held.includes(nodePort) : allocatesNodePorts(service)));
}

function allocatesNodePorts(service: Service): boolean {
  const { type, allocateLoadBalancerNodePorts } = specOf(service);
  return type === 'NodePort' || allocateLoadBalancerNodePorts !== false;
}

function takeNodePorts(service: Service, old: Service | undefined, request: NodePortRequest): void {
  const spec = specOf(service);
  const before = old && specOf(old);
  if (needsNodePort(spec)) {
    const held = new Set(before ? nodePortsOf(before) : []);
    // One port number over two protocols (DNS) gets one node port.
    const ofPort = new Map<number, number>();
    for (const { port, nodePort } of spec.ports ?? []) if (nodePort) ofPort.set(port, ofPort.get(port) ?? nodePort);
    for (const [index, port] of (spec.ports ?? []).entries()) {
      if (port.nodePort) {
        if (!held.has(port.nodePort)) takeOne(service, index, port.nodePort, request);
      } else if (allocatesNodePorts(service)) {
        const shared = old === undefined ? ofPort.get(port.port) : undefined;
        port.nodePort = shared ?? nextPort(request, 'nodePort');
        if (shared !== undefined && !held.has(shared)) takeOne(service, index, shared, request);
        ofPort.set(port.port, port.nodePort);
      }
      if (port.nodePort) held.add(port.nodePort);
    }
  }
  if (!needsHealthCheckPort(spec) || (before && needsHealthCheckPort(before))) return;
  if (spec.healthCheckNodePort) takeHealthCheckPort(spec.healthCheckNodePort, request);
  else spec.healthCheckNodePort = nextPort(request, 'HealthCheck NodePort');
}

function takeOne(service: Service, index: number, port: number, request: NodePortRequest): void {
  try {
    request.take(port);
  } catch (error) {
    throw refused(service, field.invalid(`spec.ports[${index}].nodePort`, port, (error as Error).message));
  }
}

function nextPort(request: NodePortRequest, what: string): number {
  try {
    return request.takeNext();
  } catch (error) {
    throw internalError(new Error(`failed to allocate a ${what}: ${(error as Error).message}`));
  }
}

function takeHealthCheckPort(port: number, request: NodePortRequest): void {
  try {
    request.take(port);
  } catch (error) {
    throw internalError(
      new Error(`failed to allocate requested HealthCheck NodePort ${port}: ${(error as Error).message}`),
    );
  }
}
