/** What every driver of the store has to do. */
export { storageSuite } from './storage-suite.ts';
