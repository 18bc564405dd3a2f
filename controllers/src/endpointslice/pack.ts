import type { Endpoint, EndpointPort, EndpointSlice } from '@coracle/apimachinery/types/discovery-v1';
import { deepEqual, stableText } from '../shared/index.ts';

/** What has to be written so that the slices say what they should. */
export interface SliceWrites {
  readonly create: EndpointSlice[];
  readonly update: EndpointSlice[];
  readonly delete: EndpointSlice[];
}

export interface PackOptions {
  /** Endpoints a slice holds at most. */
  readonly max: number;
  /** A slice of these ports without endpoints. */
  readonly make: () => EndpointSlice;
  /** The slice with labels, annotations and owner as they should be; the same object when they are. */
  readonly refresh: (slice: EndpointSlice) => EndpointSlice;
}

/** Slices of the same address type and the same ports hold the same kind of endpoints. */
export function portsKey(ports: readonly EndpointPort[] | undefined | null): string {
  const texts = (ports ?? []).map((port) =>
    stableText({ ...port, name: port.name ?? '', protocol: port.protocol ?? 'TCP' }),
  );
  return texts.sort().join();
}

function identity(endpoint: Endpoint): string {
  const { namespace = '', name = '' } = endpoint.targetRef ?? {};
  return `${[...(endpoint.addresses ?? [])].sort().join()} ${namespace}/${name}`;
}

/**
 * Fits the wanted endpoints into the existing slices of one kind with as few writes as possible: what stays stays where
 * it is, then slices that are written anyway are filled, then one unchanged slice that can take the rest, then new ones.
 */
export function packSlices(
  existing: readonly EndpointSlice[],
  wanted: readonly Endpoint[],
  options: PackOptions,
): SliceWrites {
  const missing = new Map(wanted.map((endpoint) => [identity(endpoint), endpoint]));
  const changed: EndpointSlice[] = [];
  const unchanged: EndpointSlice[] = [];
  const writes: SliceWrites = { create: [], update: [], delete: [] };
  for (const slice of existing) {
    const endpoints: Endpoint[] = [];
    let same = true;
    for (const endpoint of slice.endpoints ?? []) {
      const key = identity(endpoint);
      const next = missing.get(key);
      if (!next) {
        same = false;
        continue;
      }
      endpoints.push(next);
      missing.delete(key);
      same &&= deepEqual({ ...next, hints: undefined }, { ...endpoint, hints: undefined });
    }
    const refreshed = options.refresh(slice);
    if (endpoints.length === 0) writes.delete.push(slice);
    else if (!same || refreshed !== slice) changed.push({ ...refreshed, endpoints });
    else unchanged.push(slice);
  }
  placeRest([...missing.values()], changed, unchanged, writes, options);
  writes.update.push(...changed);
  return writes;
}

function placeRest(
  rest: Endpoint[],
  changed: EndpointSlice[],
  unchanged: readonly EndpointSlice[],
  writes: SliceWrites,
  { max, make }: PackOptions,
): void {
  const fill = (slice: EndpointSlice): void => {
    slice.endpoints = [...(slice.endpoints ?? []), ...rest.splice(0, max - (slice.endpoints ?? []).length)];
  };
  changed.sort((a, b) => (b.endpoints ?? []).length - (a.endpoints ?? []).length);
  for (const slice of changed) fill(slice);
  while (rest.length >= max) {
    const slice = make();
    fill(slice);
    writes.create.push(slice);
  }
  if (rest.length === 0) return;
  const room = (slice: EndpointSlice) => max - (slice.endpoints ?? []).length - rest.length;
  const fullest = unchanged.filter((slice) => room(slice) >= 0).sort((a, b) => room(a) - room(b))[0];
  const slice = fullest ? { ...fullest } : make();
  fill(slice);
  (fullest ? changed : writes.create).push(slice);
}

/** A slice that goes and one that comes, of one address type, are one update. */
export function recycle(writes: SliceWrites, mayReuse: (slice: EndpointSlice) => boolean): SliceWrites {
  const result: SliceWrites = { create: [], update: [...writes.update], delete: [...writes.delete] };
  for (const slice of writes.create) {
    const index = result.delete.findIndex((gone) => gone.addressType === slice.addressType && mayReuse(gone));
    const gone = index < 0 ? undefined : result.delete.splice(index, 1)[0];
    if (!gone) {
      result.create.push(slice);
      continue;
    }
    const { generateName: _, ...metadata } = slice.metadata ?? {};
    const { name = '', resourceVersion = '' } = gone.metadata ?? {};
    result.update.push({ ...slice, metadata: { ...metadata, name, resourceVersion } });
  }
  return result;
}
