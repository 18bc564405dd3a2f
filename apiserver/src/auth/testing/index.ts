/** What tests of access have in place of a store, and certificates. */
export { StaticReaders } from './static-readers.ts';
export { TestCertificates } from './certificates.ts';
