/** Rewrites what is stored, so that it is stored as the API server stores it now: version, encryption. */
export { startStorageVersionMigrator } from './controller.ts';
