/** The typed layer the registry works on: objects, their bytes, optimistic writes. */
export { decodeContinueToken, encodeContinueToken, type ContinueToken } from './continue-token.ts';
export { createObjectStores, type ObjectStoreDependencies, type ObjectStoreOptions } from './object-stores.ts';
