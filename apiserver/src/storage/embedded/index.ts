/** The default driver: one SQLite file, written by one worker thread, all current keys in memory. */
export { type EmbeddedStorageOptions, openEmbeddedStorage } from './embedded-storage.ts';
