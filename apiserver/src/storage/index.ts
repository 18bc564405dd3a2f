/** Where the cluster's state is kept: the seam (`Storage`), its drivers, and the typed object stores on top. */
export * from './storage.ts';
export { type EmbeddedStorageOptions, openEmbeddedStorage } from './embedded/index.ts';
export { type EtcdStorageOptions, openEtcdStorage } from './etcd/index.ts';
export { createMemoryStorage } from './memory/index.ts';
export {
  createObjectStores,
  type ObjectStoreDependencies,
  type ObjectStoreOptions,
  decodeContinueToken,
  encodeContinueToken,
} from './object-store/index.ts';
export type * from './object-store/object-store.ts';
export { WatcherTooSlowError } from './object-store/object-store.ts';
