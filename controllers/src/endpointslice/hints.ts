import type { Service } from '@coracle/apimachinery/types/core-v1';
import type { Endpoint, EndpointHints, EndpointSlice } from '@coracle/apimachinery/types/discovery-v1';
import { deepEqual } from '../shared/index.ts';
import type { SliceWrites } from './pack.ts';

const closeDistributions = ['PreferClose', 'PreferSameZone', 'PreferSameNode'];

/**
 * The writes with each endpoint's hints as `spec.trafficDistribution` wants them, and with the untouched slices whose
 * hints are out of date (KEP-4444, KEP-3015).
 */
export function withHints(service: Service, writes: SliceWrites, untouched: readonly EndpointSlice[]): SliceWrites {
  const distribution = service.spec?.trafficDistribution;
  const hintsOf = (endpoint: Endpoint): EndpointHints | undefined =>
    distribution !== undefined && closeDistributions.includes(distribution)
      ? closeHints(endpoint, distribution === 'PreferSameNode')
      : undefined;
  const outdated = untouched.filter((slice) =>
    (slice.endpoints ?? []).some((endpoint) => !deepEqual(endpoint.hints, hintsOf(endpoint))),
  );
  const apply = (slice: EndpointSlice): EndpointSlice => ({
    ...slice,
    endpoints: (slice.endpoints ?? []).map((endpoint) => {
      const { hints: _, ...rest } = endpoint;
      const hints = hintsOf(endpoint);
      return hints ? { ...rest, hints } : rest;
    }),
  });
  return {
    create: writes.create.map(apply),
    update: [...writes.update, ...outdated].map(apply),
    delete: writes.delete,
  };
}

/** Traffic stays in the endpoint's zone, or on its node; only a ready endpoint takes traffic at all. */
function closeHints(endpoint: Endpoint, sameNode: boolean): EndpointHints | undefined {
  if (!endpoint.conditions?.ready) return endpoint.hints;
  const { zone, nodeName } = endpoint;
  if (!zone && !(sameNode && nodeName)) return undefined;
  return {
    ...(zone ? { forZones: [{ name: zone }] } : {}),
    ...(sameNode && nodeName ? { forNodes: [{ name: nodeName }] } : {}),
  };
}
