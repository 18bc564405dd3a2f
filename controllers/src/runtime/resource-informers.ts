import type { Environment } from '@coracle/apimachinery/component';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import * as builtIn from '@coracle/apimachinery/resources';
import type { GroupResource, ResourceRef } from '@coracle/apimachinery/schema';
import { createInformers, type Handler, type Informers, type Lister } from '@coracle/client/informer';
import type { Client } from '@coracle/client/rest';
import type { DiscoveredResource, Discovery } from './discovery.ts';

/** Written by the thousand, owned by nobody, counted by nobody. */
const ignored = new Set(['/events', 'events.k8s.io/events']);
const neededVerbs = ['list', 'watch', 'delete'];
const builtInNames = new Set(Object.values(builtIn).map((resource) => nameOf(resource as ResourceRef)));

/**
 * Informers for whatever the server serves. Built-in resources are read through the informers that all controllers share,
 * custom ones through informers that end when the resource is served no more.
 */
export interface ResourceInformers {
  /** Follows every resource that can be listed, watched and deleted, those that come later included. */
  follow(follower: ResourceFollower): void;
  /** What the cache has of a resource; undefined for one that is not followed. */
  lister(resource: GroupResource): Lister<KubernetesObject> | undefined;
  stop(): Promise<void>;
}

export interface ResourceFollower {
  readonly handler: (resource: ResourceRef) => Handler<KubernetesObject>;
  /** The resource is served no more; these are the objects it had. */
  readonly gone?: (resource: ResourceRef, objects: readonly KubernetesObject[]) => void;
}

interface Followed {
  readonly resource: ResourceRef;
  readonly informers: Informers;
  /** Present for a custom resource. */
  readonly own?: Informers;
  readonly detach: (() => void)[];
}

export function createResourceInformers(dependencies: {
  readonly client: Client;
  readonly environment: Environment;
  readonly informers: Informers;
  readonly discovery: Discovery;
}): ResourceInformers {
  const { client, environment, informers, discovery } = dependencies;
  const followed = new Map<string, Followed>();
  const followers: ResourceFollower[] = [];

  const attach = (entry: Followed, follower: ResourceFollower): void => {
    entry.detach.push(entry.informers.for(entry.resource).addHandler(follower.handler(entry.resource)));
  };
  const begin = (key: string, { group, version, resource, kind, namespaced }: DiscoveredResource): void => {
    const ref: ResourceRef = { group, version, resource, kind, namespaced };
    const own = builtInNames.has(nameOf(ref)) ? undefined : createInformers({ client, environment });
    const entry: Followed = { resource: ref, informers: own ?? informers, detach: [], ...(own ? { own } : {}) };
    followed.set(key, entry);
    for (const follower of followers) attach(entry, follower);
    // Never resolves for a resource that goes before it was listed; nobody waits for it.
    own?.start().catch(() => undefined);
  };
  const end = (key: string, entry: Followed): void => {
    followed.delete(key);
    const objects = entry.informers.for(entry.resource).lister.list();
    for (const detach of entry.detach) detach();
    for (const { gone } of followers) gone?.(entry.resource, objects);
    void entry.own?.stop();
  };
  const sync = (): void => {
    const wanted = new Map(followable(discovery.resources).map((row) => [`${nameOf(row)}/${row.version}`, row]));
    for (const [key, entry] of followed) if (!wanted.has(key)) end(key, entry);
    for (const [key, row] of wanted) if (!followed.has(key)) begin(key, row);
  };
  discovery.onChange(sync);

  return {
    follow(follower) {
      followers.push(follower);
      if (followed.size === 0) sync();
      else for (const entry of followed.values()) attach(entry, follower);
    },
    lister(resource) {
      for (const entry of followed.values()) {
        if (nameOf(entry.resource) === nameOf(resource)) return entry.informers.for(entry.resource).lister;
      }
      return undefined;
    },
    async stop() {
      await Promise.all([...followed.values()].map(({ own }) => own?.stop()));
    },
  };
}

/** The preferred version of every resource whose objects come and go. */
export function followable(resources: readonly DiscoveredResource[]): DiscoveredResource[] {
  return resources.filter(
    (row) => row.preferred && neededVerbs.every((verb) => row.verbs.includes(verb)) && !ignored.has(nameOf(row)),
  );
}

function nameOf({ group, resource }: GroupResource): string {
  return `${group}/${resource}`;
}
