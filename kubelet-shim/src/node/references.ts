import type { Environment } from '@coracle/apimachinery/component';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import type { ResourceRef } from '@coracle/apimachinery/schema';
import { createInformers, type Informer } from '@coracle/client/informer';
import type { Client } from '@coracle/client/rest';

/**
 * ConfigMaps and Secrets that pods of this node name. Each is watched by its name for as long as a pod holds it: that is
 * all the node authorizer allows, and a change reaches the pods without anybody asking again and again.
 */
export interface References {
  /** The object as it is now; undefined where there is none. `holder` is told of later changes. */
  get<T extends KubernetesObject>(holder: Holder, resource: ResourceRef<T>, name: string): Promise<T | undefined>;
  release(holder: Holder): void;
  stop(): Promise<void>;
}

/** One pod. */
export interface Holder {
  readonly namespace: string;
  readonly changed: () => void;
}

interface Watched {
  readonly informer: Informer<KubernetesObject>;
  readonly ready: Promise<void>;
  readonly holders: Set<Holder>;
  stop(): Promise<void>;
}

/** How long a first look may take before the pod is told to wait: the API may be away. */
const firstLookMs = 10_000;

export function createReferences(environment: Environment, client: Client): References {
  const watched = new Map<string, Watched>();

  const watch = (resource: ResourceRef, namespace: string, name: string): Watched => {
    const informers = createInformers({ client, environment });
    const informer = informers.for(resource, { namespace, fieldSelector: `metadata.name=${name}` });
    const holders = new Set<Holder>();
    const tell = () => {
      if (informer.hasSynced) for (const holder of holders) holder.changed();
    };
    informer.addHandler({ added: tell, updated: tell, deleted: tell });
    const ready = informers.start();
    ready.catch(() => {});
    return { informer, ready, holders, stop: () => informers.stop() };
  };

  return {
    async get<T extends KubernetesObject>(holder: Holder, resource: ResourceRef<T>, name: string) {
      const key = `${resource.group}/${resource.resource}/${holder.namespace}/${name}`;
      const entry = watched.get(key) ?? watch(resource, holder.namespace, name);
      watched.set(key, entry);
      entry.holders.add(holder);
      const overtime = environment.clock.sleep(firstLookMs).then(() => {
        throw new Error(`timed out waiting for the condition: ${resource.resource} "${holder.namespace}/${name}"`);
      });
      overtime.catch(() => {});
      if (!entry.informer.hasSynced) await Promise.race([entry.ready, overtime]);
      return entry.informer.lister.get(name, holder.namespace) as T | undefined;
    },
    release(holder) {
      for (const [key, entry] of watched) {
        if (!entry.holders.delete(holder) || entry.holders.size > 0) continue;
        watched.delete(key);
        void entry.stop();
      }
    },
    async stop() {
      await Promise.all([...watched.values()].map((entry) => entry.stop()));
      watched.clear();
    },
  };
}
