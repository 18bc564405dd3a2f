import type { Environment } from '@coracle/apimachinery/component';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import type { GroupResource } from '@coracle/apimachinery/schema';
import type { Freshness, StoredObject, StoreEvent } from '../storage/object-store/object-store.ts';
import type { Readers } from './readers.ts';
import type { ResourceTable, ServedResource } from './served-resource.ts';

const fromCache: Freshness = { type: 'any' };
/** Pause before a broken follow is begun again. */
const restartDelayMs = 1000;

type Changed = (change: { readonly type: 'set' | 'removed'; readonly object: KubernetesObject }) => void;

/** Reads straight from the watch cache. */
export function createReaders(resources: ResourceTable, environment: Environment): Readers {
  return {
    async get<T extends KubernetesObject>(
      resource: GroupResource,
      key: { namespace?: string; name: string },
      freshness = fromCache,
    ) {
      const stored = await resources.ofGroupResource(resource)?.store.get(key, freshness);
      return stored?.object as T | undefined;
    },
    async list<T extends KubernetesObject>(resource: GroupResource, namespace?: string, freshness = fromCache) {
      const served = resources.ofGroupResource(resource);
      if (served === undefined) return [];
      const { items } = await served.store.list({ freshness, ...(namespace === undefined ? {} : { namespace }) });
      return items.map((item) => item.object as T);
    },
    follow<T extends KubernetesObject>(
      resource: GroupResource,
      changed: (change: { readonly type: 'set' | 'removed'; readonly object: T }) => void,
      signal: AbortSignal,
    ) {
      const served = resources.ofGroupResource(resource);
      if (served === undefined) return Promise.resolve();
      return new Follow(served, changed as Changed, environment).start(signal);
    },
  };
}

/** Keeps somebody's index of one resource true: the present state, then every change, again after a gap. */
class Follow {
  readonly #resource: ServedResource;
  readonly #changed: Changed;
  readonly #environment: Environment;
  /** What was told as present, by key. */
  #told = new Map<string, KubernetesObject>();

  constructor(resource: ServedResource, changed: Changed, environment: Environment) {
    this.#resource = resource;
    this.#changed = changed;
    this.#environment = environment;
  }

  /** Resolves once the present state was told; goes on until the signal is aborted. */
  start(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => void this.#run(signal, resolve).finally(resolve));
  }

  async #run(signal: AbortSignal, synced: () => void): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#once(signal, synced);
      } catch (error) {
        const resource = this.#resource.groupResource;
        this.#environment.log.warn('following a resource begins again', { resource, error });
      }
      // Also after a quiet end: a resource that is no longer served would end at once again and again.
      if (!signal.aborted) await this.#environment.clock.sleep(restartDelayMs, signal).catch(() => {});
    }
  }

  async #once(signal: AbortSignal, synced: () => void): Promise<void> {
    const present = new Map<string, KubernetesObject>();
    let initial = true;
    const request = { from: { type: 'initial-events', freshness: fromCache }, bookmarks: true } as const;
    for await (const events of this.#resource.store.watch(request, signal)) {
      for (const event of events) {
        if (event.type === 'BOOKMARK') {
          if (!event.initialEventsEnd || !initial) continue;
          initial = false;
          this.#forgetVanished(present);
          synced();
        } else {
          if (initial) present.set(keyOf(event.object), event.object.object);
          this.#tell(event);
        }
      }
    }
  }

  #tell(event: Exclude<StoreEvent, { type: 'BOOKMARK' }>): void {
    const { object } = event.object;
    const key = keyOf(event.object);
    if (event.type === 'DELETED') this.#told.delete(key);
    else this.#told.set(key, object);
    this.#changed({ type: event.type === 'DELETED' ? 'removed' : 'set', object });
  }

  #forgetVanished(present: ReadonlyMap<string, KubernetesObject>): void {
    for (const [key, object] of this.#told) {
      if (present.has(key)) continue;
      this.#told.delete(key);
      this.#changed({ type: 'removed', object });
    }
  }
}

function keyOf(stored: StoredObject): string {
  return `${stored.namespace ?? ''}/${stored.name}`;
}
