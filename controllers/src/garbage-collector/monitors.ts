import type { Environment } from '@coracle/apimachinery/component';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import * as builtIn from '@coracle/apimachinery/resources';
import type { ResourceRef } from '@coracle/apimachinery/schema';
import { createInformers, type Informers } from '@coracle/client/informer';
import type { Client } from '@coracle/client/rest';
import type { DiscoveredResource } from '../runtime/index.ts';
import type { OwnershipGraph } from './graph.ts';

/** Written by the thousand, owned by nobody. */
const ignoredResources = new Set(['/events', 'events.k8s.io/events']);
const neededVerbs = ['list', 'watch', 'delete'];

const builtInNames = new Set(Object.values(builtIn).map((resource) => nameOf(resource as ResourceRef)));

/** The resources whose objects can own and be owned. */
export function collectable(resources: readonly DiscoveredResource[]): DiscoveredResource[] {
  return resources.filter(
    (row) =>
      row.preferred && neededVerbs.every((verb) => row.verbs.includes(verb)) && !ignoredResources.has(nameOf(row)),
  );
}

export interface MonitorsDependencies {
  readonly client: Client;
  readonly environment: Environment;
  readonly informers: Informers;
  readonly graph: OwnershipGraph;
}

/**
 * Feeds the graph: built-in resources through the informers that all controllers share, custom ones through informers of
 * their own, which end when the resource is served no more.
 */
export class Monitors {
  readonly #watched = new Map<
    string,
    { readonly resource: ResourceRef; readonly own?: Informers; readonly detach: () => void }
  >();
  readonly #dependencies: MonitorsDependencies;

  constructor(dependencies: MonitorsDependencies) {
    this.#dependencies = dependencies;
  }

  /** Watches exactly these resources from now on. */
  async sync(resources: readonly DiscoveredResource[]): Promise<void> {
    const wanted = new Map(collectable(resources).map((row) => [`${nameOf(row)}/${row.version}`, row]));
    const gone = [...this.#watched.keys()].filter((key) => !wanted.has(key));
    for (const [key, row] of wanted) if (!this.#watched.has(key)) this.#watch(key, row);
    await Promise.all(gone.map((key) => this.#unwatch(key)));
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#watched.values()].map(({ own }) => own?.stop()));
  }

  #watch(key: string, { group, version, resource, kind, namespaced }: DiscoveredResource): void {
    const { client, environment, informers, graph } = this.#dependencies;
    const ref: ResourceRef = { group, version, resource, kind, namespaced };
    const own = builtInNames.has(nameOf(ref)) ? undefined : createInformers({ client, environment });
    const observe = (object: KubernetesObject) => graph.observe(ref, object);
    const detach = (own ?? informers).for(ref).addHandler({
      added: observe,
      updated: observe,
      deleted: (object) => graph.remove(object.metadata?.uid ?? ''),
    });
    this.#watched.set(key, own ? { resource: ref, own, detach } : { resource: ref, detach });
    // Never resolves for a resource that goes before it was listed; nobody waits for it.
    own?.start().catch(() => undefined);
  }

  async #unwatch(key: string): Promise<void> {
    const watched = this.#watched.get(key);
    if (!watched) return;
    this.#watched.delete(key);
    watched.detach();
    for (const object of (watched.own ?? this.#dependencies.informers).for(watched.resource).lister.list()) {
      this.#dependencies.graph.remove(object.metadata?.uid ?? '');
    }
    await watched.own?.stop();
  }
}

function nameOf({ group, resource }: { readonly group: string; readonly resource: string }): string {
  return `${group}/${resource}`;
}
