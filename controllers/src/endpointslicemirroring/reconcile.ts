import { Endpoints as EndpointsResource, EndpointSlices } from '@coracle/apimachinery/resources';
import { groupVersion } from '@coracle/apimachinery/schema';
import type { EndpointAddress, Endpoints } from '@coracle/apimachinery/types/core-v1';
import type { Endpoint, EndpointPort, EndpointSlice } from '@coracle/apimachinery/types/discovery-v1';
import { isIP } from 'node:net';
import { repackSubsets } from '../endpoints/index.ts';
import {
  packSlices,
  portsKey,
  recycle,
  sliceLabels,
  type SliceWrites,
  triggerTimeAnnotation,
  typeOfAddress,
} from '../endpointslice/index.ts';
import { controllerReference, deepEqual } from '../shared/index.ts';

const managedBy = 'endpointslicemirroring-controller.k8s.io';
const skipMirrorLabel = 'endpointslice.kubernetes.io/skip-mirror';
const leaderAnnotation = 'control-plane.alpha.kubernetes.io/leader';
const ownAnnotations = [triggerTimeAnnotation, 'kubectl.kubernetes.io/last-applied-configuration'];
/** Upstream's `--mirroring-max-endpoints-per-subset`. */
const addressesPerSubsetMax = 1000;

export interface MirrorPlan extends SliceWrites {
  readonly invalidAddresses: number;
  readonly skippedAddresses: number;
}

export function isMirroredSlice(slice: EndpointSlice): boolean {
  return slice.metadata?.labels?.[sliceLabels.managedBy] === managedBy;
}

/** Endpoints that somebody keeps by hand; those of leader elections and those that say so are left alone. */
export function shouldMirror(endpoints: Endpoints): boolean {
  const { labels, annotations } = endpoints.metadata ?? {};
  return labels?.[skipMirrorLabel] !== 'true' && annotations?.[leaderAnnotation] === undefined;
}

/** The writes that make the slices say what the Endpoints say. */
export function planMirror(endpoints: Endpoints, slices: readonly EndpointSlice[]): MirrorPlan {
  const writes: SliceWrites = { create: [], update: [], delete: [] };
  const kept = new Set<EndpointSlice>();
  let invalidAddresses = 0;
  let skippedAddresses = 0;
  for (const subset of repackSubsets(endpoints.subsets ?? [])) {
    const ports: EndpointPort[] = (subset.ports ?? []).map(({ name = '', protocol = 'TCP', ...rest }) => ({
      name,
      protocol,
      ...rest,
    }));
    const key = portsKey(ports);
    const byType: Record<'IPv4' | 'IPv6', Endpoint[]> = { IPv4: [], IPv6: [] };
    let added = 0;
    const add = (address: EndpointAddress, ready: boolean): void => {
      if (added >= addressesPerSubsetMax) skippedAddresses++;
      else if (isIP(address.ip) === 0) invalidAddresses++;
      else {
        byType[typeOfAddress(address.ip)].push(endpointOf(address, ready));
        added++;
      }
    };
    for (const address of subset.addresses ?? []) add(address, true);
    for (const address of subset.notReadyAddresses ?? []) add(address, false);
    for (const type of ['IPv4', 'IPv6'] as const) {
      const existing = slices.filter((slice) => slice.addressType === type && portsKey(slice.ports) === key);
      for (const slice of existing) kept.add(slice);
      const packed = packSlices(existing, byType[type], {
        max: addressesPerSubsetMax,
        make: () => newSlice(endpoints, type, ports),
        refresh: (slice) => refreshed(slice, endpoints),
      });
      writes.create.push(...packed.create);
      writes.update.push(...packed.update);
      writes.delete.push(...packed.delete);
    }
  }
  writes.delete.push(...slices.filter((slice) => !kept.has(slice)));
  return { ...recycle(writes, () => true), invalidAddresses, skippedAddresses };
}

function endpointOf({ ip, hostname, nodeName, targetRef }: EndpointAddress, ready: boolean): Endpoint {
  return {
    addresses: [ip],
    conditions: { ready },
    ...(hostname ? { hostname } : {}),
    ...(nodeName ? { nodeName } : {}),
    ...(targetRef ? { targetRef } : {}),
  };
}

function metadataFor(endpoints: Endpoints): { labels: Record<string, string>; annotations: Record<string, string> } {
  const annotations = Object.entries(endpoints.metadata?.annotations ?? {}).filter(
    ([key]) => !ownAnnotations.includes(key),
  );
  return {
    labels: {
      ...endpoints.metadata?.labels,
      [sliceLabels.serviceName]: endpoints.metadata?.name ?? '',
      [sliceLabels.managedBy]: managedBy,
    },
    annotations: Object.fromEntries(annotations),
  };
}

function newSlice(endpoints: Endpoints, addressType: string, ports: EndpointPort[]): EndpointSlice {
  return {
    apiVersion: groupVersion(EndpointSlices),
    kind: EndpointSlices.kind,
    metadata: {
      generateName: `${endpoints.metadata?.name ?? ''}-`,
      namespace: endpoints.metadata?.namespace ?? '',
      ...metadataFor(endpoints),
      ownerReferences: [controllerReference(endpoints, EndpointsResource)],
    },
    addressType,
    endpoints: [],
    ports,
  };
}

function refreshed(slice: EndpointSlice, endpoints: Endpoints): EndpointSlice {
  const wanted = metadataFor(endpoints);
  const ownerReferences = [controllerReference(endpoints, EndpointsResource)];
  const { labels, annotations, ownerReferences: owners } = slice.metadata ?? {};
  const same =
    deepEqual(labels, wanted.labels) &&
    deepEqual(annotations, wanted.annotations) &&
    deepEqual(owners, ownerReferences);
  return same ? slice : { ...slice, metadata: { ...slice.metadata, ...wanted, ownerReferences } };
}
