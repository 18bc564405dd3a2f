import { EndpointSlices, Services } from '@coracle/apimachinery/resources';
import { groupVersion } from '@coracle/apimachinery/schema';
import type { Node, Pod, Service } from '@coracle/apimachinery/types/core-v1';
import type { Endpoint, EndpointPort, EndpointSlice } from '@coracle/apimachinery/types/discovery-v1';
import { controllerReference, deepEqual, isPodReady } from '../shared/index.ts';
import { withHints } from './hints.ts';
import { packSlices, portsKey, recycle, type SliceWrites } from './pack.ts';
import { belongsInEndpoints, endpointHostname, hasClusterIp, targetPort } from './service-pods.ts';

export const sliceLabels = {
  serviceName: 'kubernetes.io/service-name',
  managedBy: 'endpointslice.kubernetes.io/managed-by',
  headless: 'service.kubernetes.io/headless',
} as const;
const managedBy = 'endpointslice-controller.k8s.io';
const reservedLabels: ReadonlySet<string> = new Set(Object.values(sliceLabels));
/** Upstream's `--max-endpoints-per-slice`. */
const endpointsPerSliceMax = 100;
const zoneLabel = 'topology.kubernetes.io/zone';

export interface SliceObservation {
  readonly service: Service;
  /** The pods that the service selects. */
  readonly pods: readonly Pod[];
  /** The slices of the service that this controller manages. */
  readonly slices: readonly EndpointSlice[];
  readonly nodeOf: (name: string) => Node | undefined;
}

export interface SlicePlan extends SliceWrites {
  /** Pods left out because their node is not known (yet): look again. */
  readonly skippedPods: readonly string[];
}

export function isManagedSlice(slice: EndpointSlice): boolean {
  return slice.metadata?.labels?.[sliceLabels.managedBy] === managedBy;
}

/** The writes that bring a service's slices up to date, for each address type it supports. */
export function planSlices({ service, pods, slices, nodeOf }: SliceObservation): SlicePlan {
  const types = addressTypes(service);
  const all: SliceWrites = {
    create: [],
    update: [],
    delete: slices.filter((slice) => !types.includes(slice.addressType)),
  };
  const skipped = new Set<string>();
  for (const type of types) {
    const existing = slices.filter((slice) => slice.addressType === type);
    const own = existing.filter((slice) => isOwnedBy(slice, service));
    const wanted = endpointsByPorts(service, pods, type, nodeOf, skipped);
    const writes = recycle(planType(service, type, existing, own, wanted), (slice) => own.includes(slice));
    const touched = new Set([...writes.update, ...writes.delete].map((slice) => slice.metadata?.name));
    const untouched = existing.filter((slice) => !touched.has(slice.metadata?.name));
    const hinted = withHints(service, writes, untouched);
    all.create.push(...hinted.create);
    all.update.push(...hinted.update);
    all.delete.push(...hinted.delete);
  }
  return { ...all, skippedPods: [...skipped] };
}

function planType(
  service: Service,
  type: string,
  existing: readonly EndpointSlice[],
  own: readonly EndpointSlice[],
  wanted: ReadonlyMap<string, { readonly ports: EndpointPort[]; readonly endpoints: Endpoint[] }>,
): SliceWrites {
  const writes: SliceWrites = { create: [], update: [], delete: existing.filter((slice) => !own.includes(slice)) };
  for (const [key, { ports, endpoints }] of wanted) {
    const packed = packSlices(
      own.filter((slice) => portsKey(slice.ports) === key),
      endpoints,
      {
        max: endpointsPerSliceMax,
        make: () => newSlice(service, type, ports),
        refresh: (slice) => withServiceLabels(slice, service),
      },
    );
    writes.create.push(...packed.create);
    writes.update.push(...packed.update);
    writes.delete.push(...packed.delete);
  }
  writes.delete.push(...own.filter((slice) => !wanted.has(portsKey(slice.ports))));
  // A service without endpoints keeps one empty slice, so that consumers can tell it from one not yet looked at.
  if (writes.create.length === 0 && writes.delete.length === existing.length) {
    const placeholder = newSlice(service, type, []);
    const [only] = writes.delete;
    if (writes.delete.length === 1 && only && isPlaceholder(only, placeholder)) writes.delete.pop();
    else writes.create.push(placeholder);
  }
  return writes;
}

function isPlaceholder(slice: EndpointSlice, placeholder: EndpointSlice): boolean {
  return (
    (slice.endpoints ?? []).length === 0 &&
    (slice.ports ?? []).length === 0 &&
    deepEqual(slice.metadata?.ownerReferences, placeholder.metadata?.ownerReferences) &&
    deepEqual(slice.metadata?.labels, placeholder.metadata?.labels)
  );
}

function endpointsByPorts(
  service: Service,
  pods: readonly Pod[],
  type: string,
  nodeOf: (name: string) => Node | undefined,
  skipped: Set<string>,
): Map<string, { ports: EndpointPort[]; endpoints: Endpoint[] }> {
  const groups = new Map<string, { ports: EndpointPort[]; endpoints: Endpoint[] }>();
  for (const pod of pods) {
    if (!belongsInEndpoints(pod, true)) continue;
    const ports = endpointPorts(service, pod);
    const key = portsKey(ports);
    let group = groups.get(key);
    if (!group) groups.set(key, (group = { ports, endpoints: [] }));
    const node = nodeOf(pod.spec?.nodeName ?? '');
    if (!node && !service.spec?.publishNotReadyAddresses) {
      skipped.add(pod.metadata?.name ?? '');
      continue;
    }
    const endpoint = endpointOf(pod, service, type, node);
    if (endpoint.addresses.length > 0) group.endpoints.push(endpoint);
  }
  return groups;
}

function endpointPorts(service: Service, pod: Pod): EndpointPort[] {
  const ports: EndpointPort[] = [];
  for (const servicePort of service.spec?.ports ?? []) {
    const port = targetPort(pod, servicePort);
    if (port === undefined) continue;
    const { name = '', protocol = 'TCP', appProtocol } = servicePort;
    ports.push({ name, port, protocol, ...(appProtocol === undefined ? {} : { appProtocol }) });
  }
  return ports;
}

function endpointOf(pod: Pod, service: Service, type: string, node: Node | undefined): Endpoint {
  const serving = isPodReady(pod);
  const terminating = pod.metadata?.deletionTimestamp !== undefined;
  const hostname = endpointHostname(pod, service);
  const zone = node?.metadata?.labels?.[zoneLabel];
  const { namespace = '', name = '', uid = '' } = pod.metadata ?? {};
  return {
    addresses: (pod.status?.podIPs ?? []).flatMap(({ ip }) => (ip && typeOfAddress(ip) === type ? [ip] : [])),
    conditions: {
      ready: service.spec?.publishNotReadyAddresses === true || (serving && !terminating),
      serving,
      terminating,
    },
    ...(hostname ? { hostname } : {}),
    targetRef: { kind: 'Pod', namespace, name, uid },
    ...(pod.spec?.nodeName ? { nodeName: pod.spec.nodeName } : {}),
    ...(zone ? { zone } : {}),
  };
}

export function typeOfAddress(ip: string): 'IPv4' | 'IPv6' {
  return ip.includes(':') ? 'IPv6' : 'IPv4';
}

function addressTypes(service: Service): string[] {
  const families = service.spec?.ipFamilies ?? [];
  if (families.length > 0) return families;
  const clusterIp = service.spec?.clusterIP;
  return clusterIp && clusterIp !== 'None' ? [typeOfAddress(clusterIp)] : ['IPv4', 'IPv6'];
}

function newSlice(service: Service, addressType: string, ports: EndpointPort[]): EndpointSlice {
  return {
    apiVersion: groupVersion(EndpointSlices),
    kind: EndpointSlices.kind,
    metadata: {
      generateName: `${service.metadata?.name ?? ''}-`,
      namespace: service.metadata?.namespace ?? '',
      labels: labelsFor(service),
      ownerReferences: [controllerReference(service, Services)],
    },
    addressType,
    endpoints: [],
    ports,
  };
}

function labelsFor(service: Service): Record<string, string> {
  const own = Object.entries(service.metadata?.labels ?? {}).filter(([key]) => !reservedLabels.has(key));
  return {
    ...Object.fromEntries(own),
    ...(hasClusterIp(service) ? {} : { [sliceLabels.headless]: '' }),
    [sliceLabels.serviceName]: service.metadata?.name ?? '',
    [sliceLabels.managedBy]: managedBy,
  };
}

function withServiceLabels(slice: EndpointSlice, service: Service): EndpointSlice {
  const labels = labelsFor(service);
  return deepEqual(slice.metadata?.labels, labels) ? slice : { ...slice, metadata: { ...slice.metadata, labels } };
}

function isOwnedBy(slice: EndpointSlice, service: Service): boolean {
  return (slice.metadata?.ownerReferences ?? []).some(
    ({ uid, kind, apiVersion }) => uid === service.metadata?.uid && kind === 'Service' && apiVersion === 'v1',
  );
}
