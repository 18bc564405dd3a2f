export { createInformers, type InformersOptions } from './create-informers.ts';
export type * from './informer.ts';
export { ObjectStore, keyOf } from './object-store.ts';
