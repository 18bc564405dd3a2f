export { storageSuite } from './storage-suite.ts';
