import { Endpoints as EndpointsResource } from '@coracle/apimachinery/resources';
import type {
  EndpointAddress,
  EndpointPort,
  Endpoints,
  EndpointSubset,
  Pod,
  Service,
} from '@coracle/apimachinery/types/core-v1';
import {
  belongsInEndpoints,
  endpointHostname,
  hasClusterIp,
  targetPort,
  triggerTimeAnnotation,
  typeOfAddress,
} from '../endpointslice/index.ts';
import { compareText, deepEqual, isPodReady } from '../shared/index.ts';
import { type PlacedAddress, repackSubsets, subsetsOf } from './subsets.ts';

/** An Endpoints object holds at most so many addresses; ready ones come first. */
const addressesMax = 1000;
const overCapacityAnnotation = 'endpoints.kubernetes.io/over-capacity';
const headlessLabel = 'service.kubernetes.io/headless';
const managedByLabel = 'endpoints.kubernetes.io/managed-by';
const managedBy = 'endpoint-controller';

/** The Endpoints that the service is to have; undefined when `current` says it already. */
export function planEndpoints(
  service: Service,
  pods: readonly Pod[],
  current: Endpoints | undefined,
  trigger: string | undefined,
): Endpoints | undefined {
  const all = subsetsFor(service, pods);
  const subsets = truncate(all);
  const overCapacity = subsets !== all;
  const labels = {
    ...without(service.metadata?.labels, headlessLabel),
    ...(hasClusterIp(service) ? {} : { [headlessLabel]: '' }),
    [managedByLabel]: managedBy,
  };
  if (
    current &&
    deepEqual(repackSubsets(current.subsets ?? []), subsets) &&
    deepEqual(current.metadata?.labels, labels) &&
    (current.metadata?.annotations?.[overCapacityAnnotation] !== undefined) === overCapacity
  ) {
    return undefined;
  }
  const annotations = {
    ...without(current?.metadata?.annotations, triggerTimeAnnotation, overCapacityAnnotation),
    ...(trigger ? { [triggerTimeAnnotation]: trigger } : {}),
    ...(overCapacity ? { [overCapacityAnnotation]: 'truncated' } : {}),
  };
  const { name = '', namespace = '' } = service.metadata ?? {};
  return {
    apiVersion: 'v1',
    kind: EndpointsResource.kind,
    metadata: { ...current?.metadata, name, namespace, labels, annotations },
    subsets,
  };
}

function subsetsFor(service: Service, pods: readonly Pod[]): EndpointSubset[] {
  const tolerateUnready = service.spec?.publishNotReadyAddresses === true;
  const placed: PlacedAddress[] = [];
  for (const pod of pods) {
    if (!belongsInEndpoints(pod, tolerateUnready)) continue;
    const address = addressOf(service, pod);
    if (!address) continue;
    const ready = tolerateUnready || isPodReady(pod);
    const ports = portsOf(service, pod);
    if (ports.length > 0) placed.push(...ports.map((port) => ({ address, ready, port })));
    else if ((service.spec?.ports ?? []).length === 0 && !hasClusterIp(service)) placed.push({ address, ready });
  }
  return subsetsOf(placed);
}

function portsOf(service: Service, pod: Pod): EndpointPort[] {
  return (service.spec?.ports ?? []).flatMap((servicePort) => {
    const port = targetPort(pod, servicePort);
    if (port === undefined) return [];
    const { name, protocol = 'TCP', appProtocol } = servicePort;
    return [{ ...(name ? { name } : {}), port, protocol, ...(appProtocol === undefined ? {} : { appProtocol }) }];
  });
}

function addressOf(service: Service, pod: Pod): EndpointAddress | undefined {
  const family = service.spec?.ipFamilies?.[0] ?? typeOfAddress(service.spec?.clusterIP ?? '');
  const ips = (pod.status?.podIPs ?? []).flatMap(({ ip }) => (ip ? [ip] : []));
  const ip = ips.find((candidate) => typeOfAddress(candidate) === family);
  if (!ip) return undefined;
  const hostname = endpointHostname(pod, service);
  const { namespace = '', name = '', uid = '' } = pod.metadata ?? {};
  return {
    ip,
    ...(hostname ? { hostname } : {}),
    ...(pod.spec?.nodeName ? { nodeName: pod.spec.nodeName } : {}),
    targetRef: { kind: 'Pod', namespace, name, uid },
  };
}

/** At most `addressesMax` addresses: ready ones first, spread over the subsets by their share. The same list when it fits. */
function truncate(subsets: EndpointSubset[]): EndpointSubset[] {
  const count = (pick: (subset: EndpointSubset) => EndpointAddress[] | undefined) =>
    subsets.reduce((sum, subset) => sum + (pick(subset)?.length ?? 0), 0);
  const ready = count((subset) => subset.addresses);
  const notReady = count((subset) => subset.notReadyAddresses);
  if (ready + notReady <= addressesMax) return subsets;
  const keptReady = share(subsets, (subset) => subset.addresses ?? [], Math.min(ready, addressesMax), ready);
  const room = Math.max(0, addressesMax - ready);
  const keptNotReady = share(subsets, (subset) => subset.notReadyAddresses ?? [], room, notReady);
  return subsets.map((subset, index) => ({
    ...subset,
    addresses: keptReady[index] ?? [],
    notReadyAddresses: keptNotReady[index] ?? [],
  }));
}

function share(
  subsets: readonly EndpointSubset[],
  pick: (subset: EndpointSubset) => EndpointAddress[],
  room: number,
  total: number,
): EndpointAddress[][] {
  let left = room;
  return subsets.map((subset) => {
    const own = pick(subset);
    const kept = own.slice(0, Math.min(left, total === 0 ? 0 : Math.ceil((own.length / total) * room)));
    left -= kept.length;
    return kept;
  });
}

function without(map: Record<string, string> | undefined, ...removed: string[]): Record<string, string> {
  return Object.fromEntries(
    Object.entries(map ?? {})
      .filter(([key]) => !removed.includes(key))
      .sort(([a], [b]) => compareText(a, b)),
  );
}
