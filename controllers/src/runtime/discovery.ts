import type { Clock, Timer } from '@coracle/apimachinery/clock';
import type { Logger } from '@coracle/apimachinery/component';
import { APIServices, CustomResourceDefinitions } from '@coracle/apimachinery/resources';
import type { GroupResource, ResourceRef } from '@coracle/apimachinery/schema';
import type { APIGroupDiscovery } from '@coracle/apimachinery/types/apidiscovery-v2';
import type { Informers } from '@coracle/client/informer';
import type { Client } from '@coracle/client/rest';

/** A resource at one served version, as the server's discovery has it. */
export interface DiscoveredResource extends ResourceRef {
  readonly verbs: readonly string[];
  /** True for the version that its group prefers. */
  readonly preferred: boolean;
}

/** What the API server serves, kept up to date by watching what may change it. */
export interface Discovery {
  /** Empty until the first discovery. */
  readonly resources: readonly DiscoveredResource[];
  /** The resource of a kind; at the group's preferred version when none is named. */
  byKind(group: string, kind: string, version?: string): DiscoveredResource | undefined;
  byResource(resource: GroupResource): DiscoveredResource | undefined;
  /** Asks the server now. Throws what the request throws. */
  refresh(): Promise<void>;
  /** Called after every discovery that found another set of resources. */
  onChange(listener: () => void): void;
}

const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
/** Changes that come together are one discovery. */
const settleMs = 50;
const retryMs = 5000;

export function createDiscovery(dependencies: {
  readonly client: Client;
  readonly informers: Informers;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
}): Discovery {
  const { client, informers, clock, log, signal } = dependencies;
  const listeners: (() => void)[] = [];
  let resources: readonly DiscoveredResource[] = [];
  let fingerprint = '';
  let timer: Timer | undefined;

  const refresh = async (): Promise<void> => {
    const answers = await Promise.all(
      ['/api', '/apis'].map((path) => client.transport.request({ method: 'GET', path, accept }, signal)),
    );
    const found = answers.flatMap(({ object }) => parseDiscovery(object));
    const text = found.map(({ group, version, resource, verbs }) => `${group}/${version}/${resource}:${verbs}`).join();
    if (text === fingerprint) return;
    resources = found;
    fingerprint = text;
    for (const listener of listeners) listener();
  };
  const schedule = (delayMs: number): void => {
    timer?.cancel();
    timer = clock.after(delayMs, () => {
      if (signal.aborted) return;
      refresh().catch((error: unknown) => {
        log.warn('discovery failed and is retried', { error: String(error) });
        schedule(retryMs);
      });
    });
  };
  const changed = {
    added: () => schedule(settleMs),
    updated: () => schedule(settleMs),
    deleted: () => schedule(settleMs),
  };
  informers.for(CustomResourceDefinitions).addHandler(changed);
  informers.for(APIServices).addHandler(changed);
  signal.addEventListener('abort', () => timer?.cancel(), { once: true });

  return {
    get resources() {
      return resources;
    },
    byKind: (group, kind, version) =>
      resources.find(
        (row) => row.group === group && row.kind === kind && (version ? row.version === version : row.preferred),
      ),
    byResource: ({ group, resource }) =>
      resources.find((row) => row.group === group && row.resource === resource && row.preferred),
    refresh,
    onChange: (listener) => listeners.push(listener),
  };
}

/** Rows of an `APIGroupDiscoveryList`; versions are in the server's order of preference. */
export function parseDiscovery(answer: unknown): DiscoveredResource[] {
  const { items = [] } = answer as { items?: APIGroupDiscovery[] };
  return items.flatMap((item) => {
    const group = item.metadata?.name ?? '';
    const preferred = new Set<string>();
    return (item.versions ?? []).flatMap(({ version = '', resources = [], freshness }) =>
      freshness === 'Stale'
        ? []
        : resources.map(({ resource = '', responseKind, scope, verbs = [] }) => {
            const isFirst = !preferred.has(resource);
            preferred.add(resource);
            const kind = responseKind?.kind ?? '';
            return { group, version, resource, kind, namespaced: scope === 'Namespaced', verbs, preferred: isFirst };
          }),
    );
  });
}
