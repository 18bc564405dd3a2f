import type { Environment } from '@coracle/apimachinery/component';
import type { Storage } from '../storage.ts';
import { CachedResource, Feed } from '../watch-cache/index.ts';
import { storedHeader } from './encode.ts';
import { keyLayout } from './keys.ts';
import { LocalWrites } from './local-writes.ts';
import type { ObjectStores, ResourceStore, ResourceStoreOptions } from './object-store.ts';
import { CachedResourceStore } from './resource-store.ts';
import type { EntryKind } from './stored-entry.ts';

export interface ObjectStoreDependencies {
  readonly storage: Storage;
  readonly environment: Environment;
}

export interface ObjectStoreOptions {
  /** First segment of every key. Default `/registry`. */
  readonly root?: string;
  /** Freezes every object that readers get, deeply: finds writers to shared state in tests. Default false. */
  readonly freeze?: boolean;
}

/** The typed stores over one storage. Whoever made the storage closes it, after these. */
export function createObjectStores(
  { storage, environment }: ObjectStoreDependencies,
  { root = '/registry', freeze = false }: ObjectStoreOptions = {},
): ObjectStores {
  const feed = new Feed(storage, environment, root);
  const stores = new Map<string, CachedResourceStore>();

  const make = ({ prefix, namespaced, storedAs, decode, fields }: ResourceStoreOptions): CachedResourceStore => {
    const kind: EntryKind = {
      layout: keyLayout(root, prefix, namespaced),
      header: storedAs && storedHeader(storedAs.apiVersion, storedAs.kind),
      freeze,
      decode,
      ...(fields === undefined ? {} : { fields }),
    };
    const writes = new LocalWrites(kind);
    const cached = new CachedResource(kind, { storage, feed, environment, writes });
    feed.join(kind.layout.root, cached);
    return new CachedResourceStore(kind, storage, writes, cached);
  };

  return {
    resource(options): ResourceStore {
      const known = stores.get(options.prefix);
      if (known !== undefined) return known;
      const store = make(options);
      stores.set(options.prefix, store);
      return store;
    },
    remove(prefix) {
      const store = stores.get(prefix);
      if (store === undefined) return;
      stores.delete(prefix);
      feed.leave(`${root}/${prefix}/`);
      store.cached.close();
    },
    currentRevision: () => storage.currentRevision(),
    async ready() {
      await feed.started();
      await Promise.all([...stores.values()].map(({ cached }) => cached.loaded()));
    },
    async close() {
      for (const { cached } of stores.values()) cached.close();
      await feed.close();
    },
  };
}
